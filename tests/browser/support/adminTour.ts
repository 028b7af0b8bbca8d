// A walk through every state that the page for those who review has, as support/tour.ts has one of the others.

import { randomBytes } from 'node:crypto';
import type { Page } from '@playwright/test';
import { talk } from './admin.ts';
import { expect } from './fixtures.ts';
import { ADMIN } from './server.ts';
import type { Tour } from './tour.ts';
import { Api, WireSession } from './wire.ts';

/** The page for those who review, state by state. */
export async function adminTour({ people, server, watch, browsing, look }: Tour) {
  const conversation = await talk(server, randomBytes(32).toString('base64url'));
  await server.command(['dev', 'seed', '--append', '--messages', '3000']);
  const page = await people.page(browsing);
  const show = (state: string) => look(page, `admin ${state}`);
  const count = page.locator('.admin-count').first();
  const dialog = page.getByRole('dialog');
  const table = page.locator('.admin-scroll').first();

  watch.announce(/401.*\/api\/v1\/me/);
  await page.goto('/admin');
  await expect(page.locator('[type=password]')).toBeVisible();
  await show('login');
  await page.locator('[autocomplete=username]').fill(ADMIN.username);
  await page.locator('[type=password]').fill(ADMIN.password);
  await page.keyboard.press('Enter');
  await expect(table).toBeVisible();
  await show('history');
  await page.locator('[name=q]').fill('退款');
  await page.keyboard.press('Enter');
  await expect(page.locator('.admin-excerpt').first()).toBeVisible();
  await show('history, found by a word');
  await page.goto('/admin?from=2020-01-01&to=2020-01-02');
  await expect(count).not.toBeEmpty();
  await show('history of nothing');
  watch.announce(/(400|503).*\/api\/v1\/(history|audit|reports)/);
  await page.goto('/admin?agent=everybody');
  await expect(page.locator('.outcome.bad')).toBeVisible();
  await show('a filter that was refused');
  await failing(page, '**/api/v1/history?*', '/admin', () => show('history that failed'));

  await page.goto(`/admin?conversation=${conversation}`);
  const hold = page.locator('.admin-hold');
  await hold.getByRole('button').click();
  await expect(dialog).toBeVisible();
  await show('asked why to hold');
  await dialog.locator('input').fill('A lawsuit, case 17 of 2026');
  await dialog.locator('[type=submit]').click();
  await expect(hold).toHaveClass(/is-held/);
  await show('a transcript');

  const charts = page.locator('.chart canvas');
  await page.goto('/admin?view=reports');
  await expect(charts).toHaveCount(5);
  await show('reports');
  await page.locator('h2').last().scrollIntoViewIfNeeded();
  for (const summary of await page.locator('details.admin-part > summary').all()) {
    await summary.click();
  }
  await page.locator('details.admin-part').first().scrollIntoViewIfNeeded();
  await show('reports, their tables');
  await page.goto('/admin?view=reports&from=2020-01-01&to=2020-01-02&tz=UTC');
  await expect(count).not.toBeEmpty();
  await show('reports of nothing');
  await page.goto('/admin?view=reports&from=2020-01-01&to=2026-01-01');
  await expect(page.locator('.outcome.bad')).toBeVisible();
  await show('reports of too many days');
  await failing(page, '**/api/v1/reports?*', '/admin?view=reports', () =>
    show('reports that failed'),
  );

  await page.goto('/admin?view=audit');
  await expect(table).toBeVisible();
  await show('audit log');
  await page.goto('/admin?view=audit&from=2999-01-01');
  await expect(count).not.toBeEmpty();
  await show('audit log of nothing');

  const rules = page.locator('.admin-rules');
  const holds = page.locator('.admin-part').nth(2);
  await page.goto('/admin?view=cleanup');
  await expect(holds.locator('.entry')).toHaveCount(1);
  await show('clean-up');
  const tasks = page.locator('.admin-rules > .tasks button');
  await tasks.first().click();
  const days = rules.locator('[inputmode=numeric]');
  await days.fill('a year');
  await rules.locator('[type=submit]').click();
  await expect(rules.getByRole('alert')).not.toBeEmpty();
  await show('a rule that is wrong');
  await days.fill('1');
  await tasks.nth(1).click();
  await expect(rules.getByRole('status')).not.toBeEmpty();
  await show('what a rule would delete');
  await rules.locator('[type=submit]').click();
  await expect(dialog).toBeVisible();
  await show('asked whether to delete');
  await page.keyboard.press('Escape');
  await holds.locator('.entry button').click();
  await expect(dialog).toBeVisible();
  await show('asked whether to lift a hold');
  await dialog.locator('[type=submit]').click();
  await expect(holds.locator('.entry')).toHaveCount(0);
  await holds.scrollIntoViewIfNeeded();
  await show('no hold');

  const agent = await WireSession.agent(server, await Api.signIn(server));
  expect(await agent.ask({ type: 'conversation.close', conversation })).toBe('conversation.done');
  const customers = page.locator('.admin-part').last();
  await page.goto('/admin?view=cleanup&find=nobody-of-this-name');
  await expect(customers.locator('.admin-count')).not.toBeEmpty();
  await customers.scrollIntoViewIfNeeded();
  await show('no such customer');
  await page.goto('/admin?view=cleanup&customer=1');
  await customers.locator('.entry .tasks button').click();
  await expect(dialog).toBeVisible();
  await dialog.locator('input').fill('2');
  await dialog.locator('[type=submit]').click();
  await expect(dialog.getByRole('alert')).not.toBeEmpty();
  await show('asked whom to erase, and answered wrongly');
  await dialog.locator('input').fill('1');
  await dialog.locator('[type=submit]').click();
  await expect(customers.locator('.outcome.good')).toBeFocused();
  await show('a receipt');
  await page.goto(`/admin?conversation=${conversation}`);
  await expect(page.locator('.admin-text').first()).toBeVisible();
  await show('an erased transcript');

  await page.goto('/admin?view=nonsense');
  await expect(page.getByRole('alert')).not.toBeEmpty();
  await show('no such view');
}

/** A view of which the server cannot be reached. */
async function failing(page: Page, api: string, place: string, look: () => Promise<void>) {
  await page.route(api, route => route.fulfill({ status: 503, json: UNAVAILABLE }));
  await page.goto(place);
  await expect(page.locator('.load-problem')).toBeVisible();
  await look();
  await page.unroute(api);
}

const UNAVAILABLE = {
  type: 'error',
  ref: null,
  code: 'unavailable',
  message: 'the database cannot be reached',
  retryable: true,
};
