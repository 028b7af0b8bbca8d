// The page for those who review, as its tests come to it and look at it.

import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import type { People } from './fixtures.ts';
import { ADMIN, type Server } from './server.ts';
import type { Watch } from './watch.ts';
import { Api, WireSession } from './wire.ts';
import type { Language } from './words.ts';

/** Signs in at the page, at a place of it. */
export async function signedIn(
  people: People,
  watch: Watch,
  language: Language,
  username: string = ADMIN.username,
  place = '',
): Promise<Page> {
  watch.announce(/401.*\/api\/v1\/me/);
  const page = await people.page({ language });
  await page.goto(`/admin${place}`);
  await page.locator('[autocomplete=username]').fill(username);
  await page.locator('[type=password]').fill(ADMIN.password);
  await page.keyboard.press('Enter');
  await expect(page.locator('.admin-me')).toBeVisible();
  return page;
}

/** One time zone is as good as the other; all 400 would take axe a minute. */
const MORE_ZONES = '[name=tz] > option:nth-child(n + 3)';

/** Nothing that axe finds, in either theme. */
export async function axe(page: Page, state: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).exclude(MORE_ZONES).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    expect(found, `${state}, ${colorScheme}`).toEqual([]);
  }
}

/** Nothing is wider than the narrowest screen. */
export async function fits(page: Page): Promise<void> {
  await page.setViewportSize({ width: 320, height: 640 });
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(sideways).toBe(0);
}

/** Two customers write; the first is answered, and a note is left. */
export async function talk(server: Server, token?: string): Promise<string> {
  const first = await WireSession.customer(server, token);
  const conversation = await first.post('What about my refund? 我的退款呢？ <b>!</b>');
  const agent = await WireSession.agent(server, await Api.signIn(server));
  await agent.ask({ type: 'conversation.take', conversation });
  await agent.post('One moment', conversation);
  await agent.ask({
    type: 'message.post',
    conversation,
    client_id: 'note-1',
    text: 'Second time',
    kind: 'note',
  });
  await (await WireSession.customer(server)).post('Hello');
  return conversation;
}
