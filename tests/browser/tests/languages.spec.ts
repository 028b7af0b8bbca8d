// Both languages are whole, on both pages and in every state.

import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';
import { speech } from '../support/speech.ts';
import { consoleTour, customerTour } from '../support/tour.ts';

/** The product's name, the keys of a keyboard, the name of the account, kinds of files, units and what stands for
 * a name are the same everywhere. */
const ANYWHERE =
  /\b(Kefu|Alt|Admin|PDF|PNG|JPEG|WebP|ZIP|[kKMG]B|Asia\/Shanghai)\b|\{(customer|agent)\.name/g;
/** What the people of the tours name things. */
const NAMES =
  /cat\.png|notes\.txt|a-program[a-z-]*\.exe|退款|a customer who has come very often|Ana Lindqvist|ana@shop\.example/g;
/** Keys and codes, made at random. */
const SECRETS = /\b[A-Z2-7]{4}( [A-Z2-7]{4})+\b|\b[a-z2-7]{4}(-[a-z2-7]{4}){3}\b/g;
const STRANGE = {
  // No gap is left behind a stop that is as wide as a letter.
  zh: /\p{Script=Latin}{2,}|[。，；：！？] \p{Script=Han}/u,
  en: /[\p{Script=Han}，。！？：；（）]/u,
};

for (const language of ['zh', 'en'] as const) {
  const look = async (page: Page, state: string) => {
    const strange = (await speech(page)).filter(text =>
      STRANGE[language].test(text.replace(ANYWHERE, '').replace(NAMES, '').replace(SECRETS, '')),
    );
    expect.soft(strange, `${state}, in ${language}`).toEqual([]);
    await expect.soft(page.locator('html')).toHaveAttribute('lang', /^(zh-Hans|en)$/);
  };

  test(`the customer's page is whole in ${language}`, async ({ people, server, watch }) => {
    await customerTour({ people, server, watch, browsing: { language }, look });
  });

  test(`the console is whole in ${language}`, async ({ people, server, watch }) => {
    await consoleTour({ people, server, watch, browsing: { language }, look });
  });
}

test('switching the language keeps the draft and is remembered', async ({ people }) => {
  const customer = await people.customer({ language: 'zh' });
  await expect(customer.page.getByRole('heading', { level: 1 })).toHaveText('在线客服');
  await customer.send('你好');
  await customer.write('写到一半');
  await customer.switchLanguage();
  await expect(customer.page.getByRole('heading', { level: 1 })).toHaveText('Chat with us');
  await expect(customer.page.getByRole('textbox', { name: 'Message' })).toHaveValue('写到一半');
  await expect(customer.page.locator('html')).toHaveAttribute('lang', 'en');
  await customer.shows(['你好']);
  await customer.page.reload();
  await expect(customer.page.getByRole('textbox', { name: 'Message' })).toHaveValue('写到一半');
  await customer.page.getByRole('button', { name: '中文' }).click();
  await expect(customer.composer).toHaveValue('写到一半');
});

test('the console keeps its draft and its conversation when the language changes', async ({
  people,
}) => {
  const customer = await people.customer();
  const agent = await people.agent({ language: 'zh' });
  await customer.send('Hello');
  await agent.choose('Hello');
  await agent.write('马上');
  await agent.switchLanguage();
  await expect(agent.page.getByRole('textbox', { name: 'Message' })).toHaveValue('马上');
  await agent.shows(['Hello']);
});

test('a browser of neither language is greeted in English', async ({ people }) => {
  const customer = await people.customer({ locale: 'fr-FR' });
  await expect(customer.page.getByRole('heading', { level: 1 })).toHaveText('Chat with us');
});
