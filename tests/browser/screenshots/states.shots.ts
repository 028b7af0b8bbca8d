// The pictures that somebody looks at before a page is called done.

import type { Page } from '@playwright/test';
import { adminTour } from '../support/adminTour.ts';
import { type Browsing, expect, test } from '../support/fixtures.ts';
import { allowIdentity, identify } from '../support/identified.ts';
import { consoleTour, customerTour } from '../support/tour.ts';
import { Api, WireSession } from '../support/wire.ts';

const FOLDER = process.env.KEFU_SHOTS ?? 'test-results/screenshots';

test.use({ settings: { KEFU_FRAMES_PER_SECOND: '0' } });

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({
    path: `${FOLDER}/${name.replaceAll(/[^\p{L}\p{N}×]+/gu, '-')}.png`,
    animations: 'disabled',
  });
}

interface Look extends Browsing {
  readonly name: string;
  readonly direction?: 'rtl';
}

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true } as const;

const LOOKS: readonly Look[] = [
  { name: 'en light', language: 'en', colorScheme: 'light' },
  { name: 'zh dark', language: 'zh', colorScheme: 'dark' },
  { name: 'zh light', language: 'zh', colorScheme: 'light' },
  { name: 'en dark', language: 'en', colorScheme: 'dark' },
  { name: 'zh 390×844', language: 'zh', ...PHONE },
  { name: 'en 390×844', language: 'en', ...PHONE },
  { name: 'zh 390×844 dark', language: 'zh', colorScheme: 'dark', ...PHONE },
  { name: 'en 390×844 dark', language: 'en', colorScheme: 'dark', ...PHONE },
  // What 1280×800 becomes when somebody makes everything twice as large.
  { name: 'en 200 %', language: 'en', viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
  { name: 'en 320×256', language: 'en', viewport: { width: 320, height: 256 } },
  { name: 'en 1000', language: 'en', viewport: { width: 1000, height: 700 } },
  { name: 'en forced colours', language: 'en', forcedColors: 'active' },
  { name: 'en rtl', language: 'en', direction: 'rtl' },
];

for (const { name, direction, ...browsing } of LOOKS) {
  const look = async (page: Page, state: string) => {
    if (direction !== undefined) {
      await page.evaluate(dir => {
        document.documentElement.dir = dir;
      }, direction);
    }
    await shoot(page, `${state} ${name}`);
  };
  test(`customer ${name}`, async ({ people, server, watch }) => {
    await customerTour({ people, server, watch, browsing, look });
  });
  test(`console ${name}`, async ({ people, server, watch }) => {
    await consoleTour({ people, server, watch, browsing, look });
  });
  test(`admin ${name}`, async ({ people, server, watch }) => {
    await adminTour({ people, server, watch, browsing, look });
  });
}

test('console with a list of 200', async ({ people, server }) => {
  for (let n = 1; n <= 200; n += 1) {
    const customer = await WireSession.customer(server);
    await customer.post(
      n % 3 === 0 ? `第 ${n} 个问题：订单还没有到` : `Question ${n}: where is my order?`,
    );
    customer.close();
  }
  const agent = await people.agent();
  await agent.choose('Question 200');
  await agent.send('On its way.');
  await agent.settled();
  await shoot(agent.page, 'console list of 200');
  await agent.page.getByRole('button', { name: 'Load more' }).scrollIntoViewIfNeeded();
  await shoot(agent.page, 'console list of 200, its end');
});

test('where the focus is', async ({ people }) => {
  const customer = await people.customer();
  await customer.send('看https://example.com/a，谢谢');
  await customer.settled();
  const agent = await people.agent();
  await agent.choose('example.com');
  for (const [who, page] of [
    ['customer', customer.page],
    ['console', agent.page],
  ] as const) {
    for (let n = 1; n <= 7; n += 1) {
      await page.keyboard.press('Tab');
      await shoot(page, `${who} focus ${n}`);
    }
  }
});

// docs/pages.png.
test('the picture of the README', async ({ people, server }) => {
  await allowIdentity(await Api.signIn(server));
  for (const text of [
    'Do you ship to Iceland?',
    '请问发票可以重开吗？',
    'My parcel says delivered, but it is not here',
  ]) {
    await (await WireSession.customer(server, undefined, { language: 'en-IE' })).post(text);
  }
  const customer = await people.customer({ viewport: { width: 380, height: 640 } });
  await identify(customer.page);
  await customer.online();
  await customer.send('Hello! Can I still return this?');
  const agent = await people.agent({ viewport: { width: 1100, height: 640 } });
  await agent.choose('Can I still return this?');
  await agent.send('Hi! Yes, within 30 days, opened or not.');
  await expect(customer.message('within 30 days')).toBeVisible();
  await customer.send('太好了，谢谢！ Here is the order: https://shop.example/orders/1042');
  await expect(agent.message('orders/1042')).toBeVisible();
  await agent.tag('return');
  await agent.button(agent.words.note).click();
  await agent.note.fill('Second return this month');
  await agent.note.press('Enter');
  await agent.button(agent.words.reply).click();
  await agent.send('Thank you. The label is on its way to your inbox.');
  await expect(customer.message('on its way')).toBeVisible();
  await customer.settled();
  await agent.composer.pressSequentially('Anything');
  await expect(customer.typing).not.toHaveText('');

  const cards = [];
  for (const page of [customer.page, agent.page]) {
    cards.push(`data:image/png;base64,${(await page.screenshot()).toString('base64')}`);
  }
  const wall = await people.page({ viewport: { width: 1560, height: 690 } });
  await wall.setContent(`
    <body style="display: flex; gap: 30px; margin: 25px; background: #dde1e6">
      ${cards
        .map(
          card =>
            `<img src="${card}" style="border-radius: 12px; box-shadow: 0 4px 16px #0003">`,
        )
        .join('')}
    </body>`);
  await shoot(wall, 'pages');
});
