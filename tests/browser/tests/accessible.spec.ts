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

/** Placeholders that are too weak to be read; axe does not look at them. */
async function weakPlaceholders(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const luminance = (colour: string) => {
      const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number).map(value => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): string => {
      if (element === null) return 'rgb(255, 255, 255)';
      const { backgroundColor } = getComputedStyle(element);
      return backgroundColor.startsWith('rgb(') ? backgroundColor : behind(element.parentElement);
    };
    return [...document.querySelectorAll<HTMLInputElement>(':placeholder-shown:enabled')]
      .filter(field => field.checkVisibility() && field.placeholder !== '')
      .flatMap(field => {
        const { color } = getComputedStyle(field, '::placeholder');
        const [dark = 0, light = 0] = [luminance(color), luminance(behind(field))].sort(
          (a, b) => a - b,
        );
        const contrast = (light + 0.05) / (dark + 0.05);
        return contrast < 4.5 ? [`"${field.placeholder}" has ${contrast.toFixed(1)}`] : [];
      });
  });
}

async function check(page: Page, state: string, by: (builder: AxeBuilder) => AxeBuilder) {
  // "Legacy" is about frames, of which there are none, and saves a new page for each look.
  const { violations } = await by(new AxeBuilder({ page }).setLegacyMode()).analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(node => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
  );
  expect.soft(found, state).toEqual([]);
  expect.soft(await weakPlaceholders(page), state).toEqual([]);
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
