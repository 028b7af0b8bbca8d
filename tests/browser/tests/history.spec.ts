// Long conversations: what began before, what is further up, and what comes while one reads there.

import type { Locator } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';
import type { ConsolePage, CustomerPage } from '../support/pages.ts';
import type { Server } from '../support/server.ts';
import { Api, WireSession } from '../support/wire.ts';

test.use({ settings: { KEFU_FRAMES_PER_SECOND: '0' } });

/** A conversation that began before anybody opened a page. */
async function seed(server: Server, count: number, from = 1, token?: string): Promise<void> {
  const session = await WireSession.customer(server, token);
  const texts = Array.from({ length: count }, (_, n) => `message ${from + n}.`);
  await Promise.all(texts.map(text => session.post(text)));
  session.close();
}

/** Scrolls to somewhere near the top; where the first message in view stands, and which is held
 * as the first of all. Bubbles, because a row's upper part goes when others join its group. On the
 * way the rows up there come near enough to be laid out: until then their heights are guesses,
 * which nobody gets to see. */
async function readAt(
  log: Locator,
  top: number,
): Promise<{ text: string; y: number; first: string }> {
  return log.evaluate(async (list, scrollTop) => {
    list.scrollTop = 500;
    for (let n = 0; n < 3; n += 1) await new Promise(requestAnimationFrame);
    list.scrollTop = scrollTop;
    const edge = list.getBoundingClientRect().top;
    const bubbles = [...list.querySelectorAll('.bubble')];
    const seen = bubbles.find(bubble => bubble.getBoundingClientRect().top >= edge);
    if (seen === undefined) throw new Error('no message is in view');
    return {
      text: seen.textContent,
      y: seen.getBoundingClientRect().top,
      first: bubbles[0]?.textContent ?? '',
    };
  }, top);
}

async function whereIs(page: ChatLike, text: string): Promise<number> {
  return (await page.message(text).locator('.bubble').boundingBox())?.y ?? Number.NaN;
}

type ChatLike = ConsolePage | CustomerPage;

/** Scrolls with the wheel until the first message is in view. */
async function scrollToFirst(page: ChatLike): Promise<void> {
  await page.log.hover();
  await expect(async () => {
    await page.page.mouse.wheel(0, -3_000);
    await expect(page.message('message 1.')).toBeInViewport({ timeout: 250 });
  }).toPass({ intervals: [20] });
}

test('an agent opens a conversation that began before they signed in', async ({
  people,
  server,
}) => {
  await seed(server, 130);
  const agent = await people.agent();
  await expect(agent.unread(agent.rows.first())).toHaveText(/99\+/);
  await agent.choose('message 130.');
  await expect(agent.message('message 130.')).toBeInViewport();

  await scrollToFirst(agent);
  const texts = await agent.texts.allTextContents();
  expect(texts).toEqual(Array.from({ length: 130 }, (_, n) => `message ${n + 1}.`));
  await expect(agent.unread(agent.rows.first())).toHaveCount(0);
});

for (const helps of [true, false]) {
  const browser = helps ? 'with' : 'without';
  // At the very top the list cannot move as far as what goes above would have it; further down,
  // whatever each step leaves adds up.
  for (const top of [0, 60, 120, 214]) {
    test(`the reader stays put while older messages load above, ${browser} the browser's help, from ${top}`, async ({
      people,
      server,
    }) => {
      await seed(server, 180);
      const agent = await people.agent();
      await agent.choose('message 180.');
      await expect(agent.message('message 180.')).toBeInViewport();
      // Safari does not keep places by itself.
      if (!helps) {
        await agent.log.evaluate(list => list.style.setProperty('overflow-anchor', 'none'));
      }
      const before = await readAt(agent.log, top);
      await expect(agent.texts.first()).not.toHaveText(before.first);
      await expect(agent.log).toHaveAttribute('aria-busy', 'false');
      await expect
        .poll(async () => Math.abs((await whereIs(agent, before.text)) - before.y))
        .toBeLessThanOrEqual(1);
    });
  }
}

// The focus and a search in the page scroll at once; their scroll event comes with a later frame.
test('scrolling is not undone by what is shown before the browser has told of it', async ({
  people,
  server,
}) => {
  await seed(server, 60);
  const agent = await people.agent();
  await agent.choose('message 60.');
  await expect(agent.message('message 60.')).toContainText(/\d:\d\d/);
  await agent.openMenu();
  const other = await agent.languageSwitch.elementHandle();
  const after = await agent.log.evaluate(async (list, button) => {
    list.scrollTop = 500;
    button?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    // Rendering is a microtask; no frame comes before it.
    for (let n = 0; n < 20; n += 1) await null;
    return { language: document.documentElement.lang, top: list.scrollTop };
  }, other);
  expect(after).toEqual({ language: 'zh-Hans', top: 500 });
  await expect(agent.pill).toBeVisible();
});

test('a customer who comes back finds what was said, also further up', async ({
  people,
  server,
}) => {
  const customer = await people.customer();
  await customer.send('message 1.');
  await customer.settled();
  const token = await customer.page.evaluate(() => localStorage.getItem('kefu.customer'));
  await seed(server, 129, 2, String(token));
  await customer.reload();
  await expect(customer.message('message 130.')).toBeInViewport();
  await scrollToFirst(customer);
  await expect(customer.texts).toHaveCount(130);
});

test('new messages never move somebody who reads above; a pill says how many came', async ({
  people,
  server,
}) => {
  const customer = await people.customer();
  await customer.send('message 1.');
  await customer.settled();
  const api = await Api.signIn(server);
  const [conversation] = await api.conversations();
  const colleague = await WireSession.agent(server, api);
  const texts = Array.from({ length: 44 }, (_, n) => `message ${n + 2}.`);
  await Promise.all(texts.map(text => colleague.post(text, String(conversation))));
  await expect(customer.message('message 45.')).toBeInViewport();
  const agent = await people.agent();
  await agent.choose('message 45.');
  await expect(agent.message('message 45.')).toContainText('Read');

  const before = await readAt(customer.log, 400);
  await expect(customer.pill).toBeVisible();
  await agent.send('new 1');
  await expect(customer.pill).toHaveText('1 new message');
  await agent.send('new 2');
  await agent.send('新的 3');
  await expect(customer.pill).toHaveText('3 new messages');
  expect(Math.abs((await whereIs(customer, before.text)) - before.y)).toBeLessThanOrEqual(1);
  // Nobody has seen them yet, and the agent is not told otherwise.
  await expect(agent.message('新的 3')).toContainText('Sent');
  await expect(customer.page).toHaveTitle(/^\(3\)/);

  await customer.pill.click();
  await expect(customer.message('新的 3')).toBeInViewport();
  await expect(customer.pill).toHaveCount(0);
  await expect(agent.message('新的 3')).toContainText('Read');
  await expect(customer.page).toHaveTitle(/^[^(]/);
  // At the end it follows again.
  await agent.send('new 4');
  await expect(customer.message('new 4')).toBeInViewport();
});

test("one's own message is shown to oneself, wherever one was reading", async ({
  people,
  server,
}) => {
  await seed(server, 60);
  const agent = await people.agent();
  await agent.choose('message 60.');
  await expect(agent.message('message 60.')).toBeInViewport();
  await readAt(agent.log, 500);
  await expect(agent.pill).toBeVisible();
  await agent.send('my answer');
  await expect(agent.message('my answer')).toBeInViewport();
  await expect(agent.pill).toHaveCount(0);
});

test('a conversation of more rows than a page holds can be read from end to end', async ({
  people,
  server,
}) => {
  await seed(server, 520);
  const agent = await people.agent();
  await agent.choose('message 520.');
  await scrollToFirst(agent);
  const held = await agent.texts.count();
  expect(held).toBeLessThanOrEqual(401);
  await agent.pill.click();
  await expect(agent.message('message 520.')).toBeInViewport();
});
