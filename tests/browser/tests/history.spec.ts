// Long conversations: what began before, what is further up, and what comes while one reads there.

import { randomBytes } from 'node:crypto';
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

async function say(server: Server, token: string, text: string): Promise<void> {
  const session = await WireSession.customer(server, token);
  await session.post(text);
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

test.describe('a search', () => {
  test.use({ settings: { KEFU_FRAMES_PER_SECOND: '0', KEFU_MESSAGES_PER_MINUTE: '0' } });

  test('leads to the message itself, far up as well as further down, and back to the newest', async ({
    people,
    server,
  }) => {
    const token = randomBytes(32).toString('base64url');
    await seed(server, 39, 1, token);
    await say(server, token, 'a needle');
    await seed(server, 460, 40, token);
    await say(server, token, 'a pin');
    await seed(server, 120, 500, token);
    const agent = await people.agent();
    const { page, log, pill } = agent;
    const marked = log.locator('.marked');
    const found = async (text: string) => {
      await agent.search.fill(text);
      await expect(agent.hits.locator('mark')).toHaveText([text]);
      await agent.hits.click();
      await expect(marked).toContainText(text);
      await expect(agent.message(text)).toBeInViewport({ ratio: 1 });
    };
    await found('needle');
    await expect(page).toHaveURL(/\/agent#\d+\/40$/);
    // Only for a moment.
    await expect(marked).toHaveCount(0);

    await found('pin');
    await scrollToFirst(agent);
    await found('needle');
    await log.hover();
    await expect(async () => {
      await page.mouse.wheel(0, 3_000);
      await expect(agent.message('message 619.')).toBeInViewport({ timeout: 250 });
    }).toPass({ intervals: [20] });
    await expect(pill).toHaveCount(0);

    await found('needle');
    await pill.click();
    await expect(agent.message('message 619.')).toBeInViewport();
    await expect(pill).toHaveCount(0);
    await page.goBack();
    await expect(marked).toContainText('pin');
    await page.reload();
    await expect(marked).toContainText('pin');
    await expect(agent.message('pin')).toBeInViewport({ ratio: 1 });
    await agent.send('Found it');
    await expect(agent.message('Found it')).toBeInViewport();
  });

  test('that leads up the list reads nothing that lies below', async ({ people, server }) => {
    const token = randomBytes(32).toString('base64url');
    await say(server, token, 'a needle');
    await seed(server, 60, 1, token);
    const agent = await people.agent();
    const unread = agent.unread(agent.row('message 60.'));
    await expect(unread).toContainText('61');
    await agent.search.fill('needle');
    await agent.hits.click();
    await expect(agent.log.locator('.marked')).toContainText('needle');
    await agent.search.fill('');
    await expect(unread).toContainText('61');
    await agent.pill.click();
    await expect(unread).toHaveCount(0);
  });
});
