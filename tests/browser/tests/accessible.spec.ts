// Nothing that axe knows to look for is wrong in any state, light or dark, in either language.

import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';
import { consoleTour, customerTour } from '../support/tour.ts';

// A tour is some twenty looks of two analyses each, and on a busy machine one takes seconds. What
// the pages have to do in time is held against its own limits, as everywhere.
test.describe.configure({ timeout: 240_000 });

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function look(page: Page, state: string): Promise<void> {
  // What fades in has less contrast for a moment.
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter(
          animation => animation.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY,
        )
        .map(animation => animation.finished),
    ),
  );
  await page.emulateMedia({ colorScheme: 'light' });
  await check(page, `${state}, light`, builder => builder.withTags(RULES));
  // Nothing but the colours is different in the dark.
  await page.emulateMedia({ colorScheme: 'dark' });
  await check(page, `${state}, dark`, builder => builder.withRules(['color-contrast']));
}

async function check(page: Page, state: string, by: (builder: AxeBuilder) => AxeBuilder) {
  // "Legacy" is about frames, of which there are none, and saves a new page for each look.
  const { violations } = await by(new AxeBuilder({ page }).setLegacyMode()).analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(node => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
  );
  expect.soft(found, state).toEqual([]);
}

for (const language of ['en', 'zh'] as const) {
  test(`axe finds nothing on the customer's page in ${language}`, async ({
    people,
    server,
    watch,
  }) => {
    await customerTour({ people, server, watch, browsing: { language }, look });
  });

  test(`axe finds nothing on the console in ${language}`, async ({ people, server, watch }) => {
    await consoleTour({ people, server, watch, browsing: { language }, look });
  });
}
