// The customer's page comes in parts: what its first view needs, and the rest when nobody waits for it.

import type { Page } from '@playwright/test';
import { chooseFiles, TEXT_FILE } from '../support/files.ts';
import { expect, test } from '../support/fixtures.ts';
import { CustomerPage } from '../support/pages.ts';
import { Api, WireSession } from '../support/wire.ts';

/** The names of the scripts that a page asks for from now on, without what makes each unique. */
function scripts(page: Page): Set<string> {
  const names = new Set<string>();
  page.on('request', request => {
    const [, name] = /\/assets\/([\w.]+)-[\w-]{8}\.js$/.exec(request.url()) ?? [];
    if (name !== undefined) names.add(name);
  });
  return names;
}

/** All parts have come. */
const whole = (page: Page) => page.waitForLoadState('networkidle');

test('the first view needs the words of one language, and the rest comes by itself', async ({
  people,
}) => {
  const page = await people.page({ language: 'zh' });
  const asked = scripts(page);
  // As long as this browser is busy, nothing comes that nobody has asked for.
  await page.addInitScript(() => {
    const idle: (() => void)[] = [];
    Object.assign(window, {
      requestIdleCallback: (task: () => void) => idle.push(task),
      beIdle: () => {
        for (const task of idle.splice(0)) task();
      },
    });
  });
  const customer = new CustomerPage(page, 'zh');
  await customer.open();
  await customer.send('你好');
  await customer.settled();
  await whole(page);
  expect(asked).toContain('zh');
  for (const later of ['en', 'errors.en', 'files', 'Extras', 'identity']) {
    expect(asked).not.toContain(later);
  }
  await page.evaluate(() => (window as unknown as { beIdle: () => void }).beIdle());
  await whole(page);
  for (const later of ['en', 'errors.en', 'files', 'Extras', 'identity']) {
    expect(asked).toContain(later);
  }
});

test('an outage after the page has come takes nothing of it away', async ({
  people,
  server,
  watch,
}) => {
  const customer = await people.customer();
  const { page, words } = customer;
  await whole(page);
  watch.announceOutage();
  await server.kill9();
  await expect(customer.status).toContainText(words.reconnecting);

  await chooseFiles(customer, [TEXT_FILE]);
  await expect(page.locator('.tray')).toHaveCSS('display', 'flex');
  await customer.send('Can you read this?');
  await expect(customer.message('Can you read this?')).toContainText('Will be sent');
  await expect(page.getByRole('progressbar')).toBeVisible();
  const answer = page.evaluate(() =>
    (window as unknown as { kefu: { identify: (jwt: string) => object } }).kefu.identify('x'),
  );
  expect(await answer).toMatchObject({ ok: false, code: 'unreachable' });
  await customer.switchLanguage();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('在线客服');
  await page.getByRole('button', { name: 'English' }).click();

  await server.restart();
  await customer.comeBack();
  await customer.settled();
  await expect(customer.texts).toHaveCount(2);
});

test('what is asked for only after a chat has begun is there without the scripts of the server', async ({
  people,
  server,
}) => {
  const customer = await people.customer();
  const { page } = customer;
  await whole(page);
  await page.route('**/assets/**', route => route.abort());
  await customer.send('Hello');
  await customer.settled();
  await expect(page.getByText('Leave your name and e-mail address')).toBeVisible();
  await expect(customer.more).toBeVisible();
  const api = await Api.signIn(server);
  const [conversation] = await api.conversations();
  const agent = await WireSession.agent(server, api);
  await agent.ask({ type: 'conversation.close', conversation });
  const scores = page.getByRole('radiogroup').or(page.locator('.scores'));
  await expect(scores).toBeVisible();
  await expect(scores).toHaveCSS('display', 'flex');
});

test('a part that does not come at first is asked for again', async ({ people, watch }) => {
  watch.announce(/Failed to load resource|ERR_FAILED/);
  const page = await people.page();
  const failed = new Set<string>();
  await page.route(/\/assets\/(en|page|Talk|Extras)-/, route => {
    const url = route.request().url();
    if (failed.has(url)) return route.continue();
    failed.add(url);
    return route.abort();
  });
  const customer = new CustomerPage(page, 'en');
  await customer.open();
  await customer.send('Hello');
  await customer.settled();
  await expect(customer.more).toBeVisible();
  expect(failed.size).toBe(4);
});
