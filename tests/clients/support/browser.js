// Chromium, and the pages in it as somebody in front of them sees them.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { CHROMIUM_FLAGS, chromium as program } from './programs.js';
import { ADMIN } from './server.js';

const PATIENCE_MS = 15_000;

/** One browser for the tests of a file. */
export class Browser {
  #started = null;

  constructor() {
    after(async () => (await this.#started)?.close());
  }

  /** A page of somebody new, who leaves with the test `t`. */
  async page(t) {
    this.#started ??= chromium.launch({ executablePath: program(), args: CHROMIUM_FLAGS });
    const browser = await this.#started;
    const context = await browser.newContext({ locale: 'en-GB' });
    t.after(() => context.close());
    context.setDefaultTimeout(PATIENCE_MS);
    return context.newPage();
  }
}

/** A page that lists messages. */
class Listing {
  constructor(page, items) {
    this.page = page;
    this.items = items;
  }

  texts() {
    return this.page.locator(this.items).allTextContents();
  }

  /** Waits until it lists so many, and they must be exactly these. Where they do not come, what did is told. */
  async shows(texts) {
    const listed = this.page.waitForFunction(
      ([items, count]) => document.querySelectorAll(items).length >= count,
      [this.items, texts.length],
    );
    const late = await listed.then(() => null, error => error);
    assert.deepEqual(await this.texts(), texts);
    if (late) throw late;
  }
}

/** One of pages/*.html. */
export class TutorialPage extends Listing {
  static async open(page, site, who, server, transports) {
    const query = new URLSearchParams({ server, ...(transports && { transports }) });
    await page.goto(`${site}/${who}.html?${query}`);
    return new TutorialPage(page, 'li');
  }

  async connected(times = 1) {
    await this.page.waitForFunction(count => app.connects >= count, times);
  }

  async upgraded() {
    await this.page.waitForFunction(() => app.$socket.io.engine.transport.name === 'websocket');
  }

  async refused() {
    await this.page.waitForFunction(() => app.failures >= 2);
  }

  async told(errors) {
    await this.page.waitForFunction(count => app.errors.length >= count, errors);
    return this.page.evaluate(() => app.errors);
  }

  connects() {
    return this.page.evaluate(() => app.connects);
  }

  transport() {
    return this.page.evaluate(() => app.$socket.io.engine.transport.name);
  }

  async say(text) {
    await this.page.locator('input').fill(text);
    await this.page.locator('button').click();
  }
}

/** Kefu's own pages. */
export class KefuPage extends Listing {
  static async customer(page, server) {
    await page.goto(`${server.url}/`);
    return KefuPage.#online(page);
  }

  static async agent(page, server) {
    await page.goto(`${server.url}/agent`);
    await page.getByRole('textbox', { name: 'User name' }).fill(ADMIN.username);
    await page.getByLabel('Password', { exact: true }).fill(ADMIN.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('navigation', { name: 'Conversations' }).getByRole('link').first().click();
    return KefuPage.#online(page);
  }

  static async #online(page) {
    await page.locator('.status-line.status-online, .status-line.status-again').waitFor({ state: 'attached' });
    return new KefuPage(page, '[role=log] .message .bubble');
  }

  async say(text) {
    const composer = this.page.getByRole('textbox', { name: 'Message', exact: true });
    await composer.fill(text);
    await composer.press('Enter');
  }
}
