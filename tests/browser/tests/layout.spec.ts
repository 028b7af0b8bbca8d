// The pages fit whatever they are shown on.

import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';
import { adminTour } from '../support/adminTour.ts';
import { consoleTour, customerTour } from '../support/tour.ts';

/** Whatever sticks out of the window, or is cut without a sign of it. */
async function misfits(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const root = document.scrollingElement as Element;
    if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} px wide`);
    const name = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.className} "${element.textContent?.slice(0, 40)}"`;
    const isShown = (element: Element) =>
      element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true }) &&
      // For screen readers only.
      element.closest('.hidden') === null;
    /** Ends in "…" where it does not fit; a box in the line of another would only be cut. */
    const isAbridged = (element: Element | null): boolean => {
      if (element === null) return false;
      const { textOverflow, display } = getComputedStyle(element);
      if (textOverflow === 'ellipsis') return true;
      return display === 'inline' && isAbridged(element.parentElement);
    };
    for (const element of document.body.querySelectorAll('*')) {
      const hasText = [...element.childNodes].some(
        node => node instanceof Text && node.data.trim() !== '',
      );
      const isControl = element.matches('button, a, input, textarea, [role=log]');
      if ((!hasText && !isControl) || !isShown(element)) continue;
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.height === 0 || isAbridged(element)) continue;
      // A table that is wider than the page scrolls by itself.
      if (element.closest('.admin-scroll') !== null) continue;
      if (box.left < -1 || box.right > innerWidth + 1) {
        found.push(`${name(element)} is at ${box.left}…${box.right} of ${innerWidth}`);
      }
      const style = getComputedStyle(element);
      const isCut = element.scrollWidth > element.clientWidth + 1 && style.display !== 'inline';
      if (isCut && style.overflowX !== 'visible') {
        found.push(`${name(element)} is cut`);
      }
    }
    const header = document.querySelector('.thread > header, .chat > header');
    if (header !== null && isShown(header)) {
      const end = header.getBoundingClientRect().bottom;
      const below = [...header.children].filter(
        child => child.getBoundingClientRect().bottom > end + 1,
      );
      found.push(...below.map(child => `${name(child)} hangs out of the header`));
    }
    const composer = document.querySelector('.composer');
    if (composer !== null && isShown(composer)) {
      const { top, bottom } = composer.getBoundingClientRect();
      if (top < 0 || bottom > innerHeight + 1) {
        found.push(`the composer is at ${top}…${bottom} of ${innerHeight}`);
      }
    }
    return found;
  });
}

async function look(page: Page, state: string): Promise<void> {
  expect.soft(await misfits(page), state).toEqual([]);
}

for (const { width, height, language, hasTouch } of [
  { width: 390, height: 844, language: 'zh', hasTouch: true },
  { width: 320, height: 256, language: 'en', hasTouch: false },
] as const) {
  const viewport = { width, height };
  test(`nothing sticks out of the customer's page at ${width}×${height}`, async ({
    people,
    server,
    watch,
  }) => {
    await customerTour({ people, server, watch, browsing: { language, viewport, hasTouch }, look });
  });
}

for (const { width, height, language, hasTouch } of [
  { width: 390, height: 844, language: 'en', hasTouch: true },
  { width: 320, height: 256, language: 'zh', hasTouch: false },
  { width: 1000, height: 700, language: 'en', hasTouch: false },
] as const) {
  const viewport = { width, height };
  test(`nothing sticks out of the console at ${width}×${height}`, async ({
    people,
    server,
    watch,
  }) => {
    await consoleTour({ people, server, watch, browsing: { language, viewport, hasTouch }, look });
  });
}

for (const { width, height, language, hasTouch } of [
  { width: 390, height: 844, language: 'zh', hasTouch: true },
  { width: 320, height: 256, language: 'en', hasTouch: false },
] as const) {
  const viewport = { width, height };
  test(`nothing sticks out of the page for those who review at ${width}×${height}`, async ({
    people,
    server,
    watch,
  }) => {
    await adminTour({ people, server, watch, browsing: { language, viewport, hasTouch }, look });
  });
}

test('on a phone the hours of a day stand in one line, and fields of a filter in pairs', async ({
  people,
}) => {
  const { page } = await people.agent({ viewport: { width: 390, height: 844 }, hasTouch: true });
  await page.goto('/agent#settings');
  const hours = page.getByRole('form', { name: 'Business hours' });
  await hours.getByRole('checkbox').check();
  const [from, to, remove] = await Promise.all(
    [0, 1].map(at => hours.locator('.span').first().locator('input').nth(at).boundingBox()),
  ).then(async inputs => [
    ...inputs,
    await hours.locator('.span').first().getByRole('button').boundingBox(),
  ]);
  expect(to?.y).toBe(from?.y);
  expect(remove?.y).toBeLessThan((from?.y ?? 0) + (from?.height ?? 0));

  await page.goto('/admin');
  const fields = page.locator('.admin-fields .field');
  const [first, second] = await Promise.all([0, 1].map(at => fields.nth(at).boundingBox()));
  expect(second?.y).toBe(first?.y);
});

test('a short message takes no more room than it needs, on either side of either page', async ({
  people,
}) => {
  const customer = await people.customer();
  const agent = await people.agent();
  await customer.send('Hi');
  await agent.choose('Hi');
  await agent.send('Yes');
  for (const page of [customer, agent]) {
    for (const text of ['Hi', 'Yes']) {
      const box = await page.message(text).locator('.bubble').boundingBox();
      expect(box?.width, text).toBeLessThan(80);
    }
  }
});

test('under 640 px the console shows one pane, with Back', async ({ people }) => {
  const customer = await people.customer();
  const agent = await people.agent({ viewport: { width: 600, height: 800 } });
  await customer.send('Hello');
  await expect(agent.rows).toHaveCount(1);
  await expect(agent.composer).toBeHidden();
  await agent.choose('Hello');
  await expect(agent.inbox).toBeHidden();
  await agent.back.click();
  await expect(agent.inbox).toBeVisible();
  await expect(agent.composer).toBeHidden();
  // The browser's own Back does the same.
  await agent.choose('Hello');
  await agent.page.goBack();
  await expect(agent.inbox).toBeVisible();

  await agent.page.setViewportSize({ width: 1000, height: 800 });
  await agent.choose('Hello');
  await expect(agent.inbox).toBeVisible();
  await expect(agent.composer).toBeVisible();
  await expect(agent.back).toBeHidden();
});

test('on a touch screen every control is at least 44 px', async ({ people }) => {
  const touch = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const customer = await people.customer(touch);
  const agent = await people.agent(touch);
  await customer.send('Hello');
  await expect(agent.rows).toHaveCount(1);
  const small = (page: Page) =>
    page.evaluate(() =>
      [...document.querySelectorAll('button, a, input, textarea, summary')]
        // A link in the middle of a text is as high as its line.
        .filter(control => control.checkVisibility() && !control.matches('.bubble a'))
        .map(control => ({ control, box: control.getBoundingClientRect() }))
        .filter(({ box }) => box.height < 44 || box.width < 24)
        .map(({ control, box }) => `${control.outerHTML.slice(0, 80)} ${box.width}×${box.height}`),
    );
  expect.soft(await small(customer.page), 'customer').toEqual([]);
  expect.soft(await small(agent.page), 'list of conversations').toEqual([]);
  await agent.choose('Hello');
  expect.soft(await small(agent.page), 'conversation').toEqual([]);
  // A field with smaller letters makes a phone zoom in.
  for (const { composer } of [customer, agent]) {
    const size = await composer.evaluate(field =>
      Number.parseFloat(getComputedStyle(field).fontSize),
    );
    expect.soft(size).toBeGreaterThanOrEqual(16);
  }
});
