// What the business sets: an admin changes it in the console, and the customer's open page follows.

import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';

test.describe.configure({ timeout: 240_000 });

const SAID = {
  en: {
    settings: 'Settings',
    look: 'Look',
    name: 'Name of the business',
    ownColour: 'A colour of our own',
    accent: 'Accent colour',
    wrongColour: 'A colour is # and six digits or letters a to f.',
    greeting: 'Greeting',
    hours: 'Business hours',
    limited: 'We are there at certain hours only',
    removeHours: 'Remove these hours',
    save: 'Save',
    saved: 'Saved.',
    meanwhile: 'Somebody else has changed this meanwhile.',
    load: 'Load what is stored now',
    closed: 'We are closed right now. Write anyway: your message is kept.',
    forbidden: 'You are not allowed to do this.',
  },
  zh: {
    settings: '设置',
    look: '外观',
    name: '企业名称',
    ownColour: '使用自己的颜色',
    accent: '主题色',
    wrongColour: '颜色由 # 和六位数字或字母 a 到 f 组成。',
    greeting: '欢迎语',
    hours: '营业时间',
    limited: '只在特定时间提供服务',
    removeHours: '移除此时间段',
    save: '保存',
    saved: '已保存。',
    meanwhile: '其他人刚刚修改了此处的设置。',
    load: '载入当前设置',
    closed: '现在是休息时间，请留言，我们会保留您的消息。',
    forbidden: '您没有权限进行此操作。',
  },
} as const;

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

async function axe(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}

for (const language of ['en', 'zh'] as const) {
  const said = SAID[language];

  test(`an open page follows what an admin saves (${language})`, async ({ people, watch }) => {
    const customer = await people.customer({ language });
    const admin = await people.agent({ language });
    const { page } = admin;
    await admin.panel(said.settings);
    const form = (name: string) => page.getByRole('form', { name, exact: true });
    const save = (name: string) => form(name).getByRole('button', { name: said.save }).click();

    await form(said.greeting).locator(`[data-field="title.${language}"]`).fill('Tea? 喝茶吗？');
    await save(said.greeting);
    await expect(form(said.greeting).getByRole('status')).toHaveText(said.saved);
    await expect(customer.page.getByRole('heading', { level: 2 })).toHaveText('Tea? 喝茶吗？');

    await form(said.look).getByLabel(said.name).fill('Tea House 茶馆');
    await form(said.look).getByLabel(said.ownColour).check();
    const colour = form(said.look).locator('[data-field="accent"]');
    await colour.fill('#12');
    watch.announce(/400.*\/api\/v1\/settings/);
    await save(said.look);
    await expect(form(said.look).getByRole('alert').first()).toBeVisible();
    await expect(form(said.look)).toContainText(said.wrongColour);
    await expect(colour).toBeFocused();
    await expect(colour).toHaveAttribute('aria-invalid', 'true');
    await axe(page);
    await colour.fill('#0a7d55');
    await save(said.look);
    await expect(form(said.look).getByRole('status')).toHaveText(said.saved);
    await expect(customer.page.getByRole('heading', { level: 1 })).toHaveText('Tea House 茶馆');
    await expect(customer.page).toHaveTitle('Tea House 茶馆');
    await customer.send('你好');
    const own = customer.log.locator('.own .bubble, .mine .bubble').first();
    if ((await own.count()) > 0)
      await expect(own).toHaveCSS('background-color', 'rgb(10, 125, 85)');

    const hours = form(said.hours);
    await hours.getByLabel(said.limited).check();
    const remove = hours.getByRole('button', { name: said.removeHours });
    while ((await remove.count()) > 0) await remove.first().click();
    await axe(page);
    await save(said.hours);
    await expect(hours.getByRole('status')).toHaveText(said.saved);
    await expect(customer.page.locator('.availability')).toHaveText(said.closed);
    await axe(customer.page);
    // Closed or not, what is written is kept.
    await customer.send('Are you there?');
    await customer.settled();
  });
}

test('of two admins the second is told, and loads what is stored', async ({ people, watch }) => {
  const said = SAID.en;
  const [one, other] = [await people.agent(), await people.agent()];
  const look = (page: Page) => page.getByRole('form', { name: said.look });
  for (const agent of [one, other]) {
    await agent.panel(said.settings);
    await expect(look(agent.page)).toBeVisible();
  }
  const save = (page: Page) => look(page).getByRole('button', { name: said.save }).click();
  await look(one.page).getByLabel(said.name).fill('Tea');
  await save(one.page);
  await expect(look(one.page).getByRole('status')).toHaveText(said.saved);
  await look(other.page).getByLabel(said.name).fill('Coffee');
  watch.announce(/409.*\/api\/v1\/settings/);
  await save(other.page);
  await expect(look(other.page)).toContainText(said.meanwhile);
  await look(other.page).getByRole('button', { name: said.load }).click();
  await expect(look(other.page).getByLabel(said.name)).toHaveValue('Tea');
});

for (const [language, logo, choose, wrong] of [
  ['en', 'Logo', 'Choose a picture…', 'This is no PNG, JPEG or WebP picture.'],
  ['zh', '标志', '选择图片…', '这不是 PNG、JPEG 或 WebP 图片。'],
] as const) {
  test(`the logo is chosen by a button in the language of the page (${language})`, async ({
    people,
  }) => {
    const admin = await people.agent({ language });
    const { page } = admin;
    await admin.panel(SAID[language].settings);
    const form = page.getByRole('form', { name: SAID[language].look, exact: true });
    const pick = async (name: string, mimeType: string, buffer: Buffer) => {
      const chooser = page.waitForEvent('filechooser');
      await form.getByRole('button', { name: choose }).press('Enter');
      await (await chooser).setFiles({ name, mimeType, buffer });
    };
    await pick('notes.txt', 'text/plain', Buffer.from('no picture'));
    await expect(form.getByText(wrong)).toBeVisible();
    await pick('logo.png', 'image/png', PIXEL);
    await expect(form.getByRole('img', { name: logo })).toBeVisible();
    await axe(page);
  });
}

test('who is no admin has no settings', async ({ people }) => {
  const agent = await people.colleague('Li Wei');
  await agent.openMenu();
  await expect(agent.page.getByRole('link', { name: SAID.en.settings })).toHaveCount(0);
  await agent.page.goto('/agent#settings');
  await expect(agent.page.getByRole('alert').filter({ hasText: SAID.en.forbidden })).toBeVisible();
});

test('a secret for identified visitors is made, shown once, replaced and taken away', async ({
  people,
  server,
  watch,
}) => {
  const admin = await people.agent();
  const { page } = admin;
  await page.goto('/agent#settings');
  const form = page.getByRole('form', { name: 'Identified visitors' });
  const secret = form.getByRole('textbox', { name: 'Secret' });
  const button = (name: string) => form.getByRole('button', { name, exact: true });
  watch.announce(/400.*\/api\/v1\/settings/);
  const save = async () => {
    await form.getByRole('button', { name: /^Save/ }).click();
    await expect(form.getByRole('status')).toHaveText(['Saved.']);
  };
  await button('Make one').click();
  await expect(secret).toHaveValue(/^[\w+/]{64}$/);
  await axe(page);
  await save();
  await expect(form).toContainText('A secret is set.');
  await expect(secret).toHaveCount(0);
  await button('Replace it').click();
  await expect(secret).toHaveValue(/^[\w+/]{64}$/);
  await button('Keep the one that is set').click();
  await expect(secret).toHaveCount(0);
  await button('Replace it').click();
  await secret.fill('much too short');
  await form.getByRole('button', { name: /^Save/ }).click();
  await expect(secret).toBeFocused();
  await expect(form).toContainText('A secret has 32 to 1,024 bytes.');
  await secret.fill('a secret of the shop, long enough by far');
  await save();
  await expect(form).toContainText('The one before it is good as well');
  await axe(page);
  await button('Take the old one away').click();
  await save();
  await expect(form).not.toContainText('The one before it');
  await button('Remove it').click();
  await expect(form).toContainText('nobody can be identified');
  await save();
  await expect(button('Make one')).toBeVisible();
  const jwt = await page.request.post(`${server.url}/api/v1/identify`, { data: { jwt: 'a.b.c' } });
  expect(await jwt.json()).toMatchObject({ code: 'identity_off' });
});
