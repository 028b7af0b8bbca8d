// What the pages show of keeping customers and networks out; part of the tours.

import type { Page } from '@playwright/test';
import { expect } from './fixtures.ts';
import type { ConsolePage, CustomerPage } from './pages.ts';
import type { Server } from './server.ts';
import { Api } from './wire.ts';

type Show = (state: string) => Promise<void>;

/** What the pages call it. */
export const BLOCK_WORDS = {
  en: {
    more: 'More',
    menu: 'Block this customer…',
    why: 'Why (for your colleagues)',
    howLong: 'For how long',
    block: 'Block',
    lift: 'Lift',
    panel: 'Blocked',
    nobody: 'Nobody is blocked.',
    network: 'Block a network',
    until: 'You cannot write here until',
    forGood: 'You cannot write here any more.',
  },
  zh: {
    more: '更多',
    menu: '屏蔽该客户…',
    why: '原因（仅同事可见）',
    howLong: '多久',
    block: '屏蔽',
    lift: '解除',
    panel: '已屏蔽',
    nobody: '没有被屏蔽的客户或网段。',
    network: '屏蔽网段',
    until: '您无法在此留言。',
    forGood: '您已无法在此留言。',
  },
} as const;

export const blockWordsOf = (page: ConsolePage | CustomerPage) =>
  BLOCK_WORDS[page.words.tag === 'zh-CN' ? 'zh' : 'en'];

/** A customer who is told until when, and then that it is for good. */
/** `id`: whose page it is. */
export async function keptOut(
  customer: CustomerPage,
  id: string,
  server: Server,
  show: Show,
): Promise<void> {
  const api = await Api.signIn(server);
  const words = blockWordsOf(customer);
  const block = (for_s: number | null) =>
    fetch(`${server.url}/api/v1/blocks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${api.token}` },
      body: JSON.stringify({ customer: id, for_s, reason: 'spam' }),
    });
  expect((await block(86_400)).status).toBe(201);
  await expect(customer.status).toContainText(words.until);
  await show('blocked for a time');
  expect((await block(null)).status).toBe(201);
  await customer.reload();
  await expect(customer.status).toHaveText(words.forGood);
  await show('blocked for good');
}

/** The dialog and the list of the console, with a conversation open. */
export async function keepingOut(agent: ConsolePage, show: Show): Promise<void> {
  const { page } = agent;
  const words = blockWordsOf(agent);
  const here = page.url();
  await page.locator('summary', { hasText: words.more }).click();
  await show('more to do');
  await agent.button(words.menu).click();
  await expect(agent.dialog).toBeVisible();
  await show('asked whom to block');
  await block(page, words);
  await expect(agent.dialog).toBeHidden();
  await page.goto('/agent#blocks');
  await expect(agent.button(`${words.lift}`).or(page.locator('.entry button'))).toBeVisible();
  await show('who is blocked');
  await page.locator('summary', { hasText: words.network }).click();
  await show('blocking a network');
  await page.locator('.entry button').click();
  await expect(page.getByText(words.nobody)).toBeVisible();
  await show('nobody is blocked');
  await page.goto(here);
  await expect(agent.composer).toBeVisible();
}

export async function block(
  page: Page,
  words: (typeof BLOCK_WORDS)['en' | 'zh'],
  seconds = '3600',
): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(words.howLong).selectOption(seconds);
  await dialog.getByLabel(words.why).fill('spam');
  await dialog.getByRole('button', { name: words.block, exact: true }).click();
}
