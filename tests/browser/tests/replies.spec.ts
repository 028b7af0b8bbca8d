// Saved replies: by a slash in the composer, and in the panel.

import { expect, test } from '../support/fixtures.ts';
import { Api, WireSession } from '../support/wire.ts';

const GREETING = {
  shortcut: 'hi',
  title: 'Greeting',
  text: 'Hi {customer.name}, this is {agent.name}.',
  shared: true,
};

test.beforeEach(async ({ server }) => {
  const api = await Api.signIn(server);
  await api.post('/saved-replies', GREETING);
  await api.post('/saved-replies', {
    shortcut: '退款',
    title: null,
    text: '退款需要三个工作日。',
    shared: true,
  });
  await (await WireSession.customer(server)).post('Hello');
});

test('a slash finds one, and Enter puts it in with the names filled', async ({ people }) => {
  const agent = await people.agent();
  await agent.choose('Hello');
  await agent.composer.pressSequentially('/');
  await expect(agent.replyMenu.getByRole('option')).toHaveCount(2);
  await expect(agent.composer).toHaveAttribute('aria-activedescendant', /-0$/);
  await agent.composer.press('ArrowDown');
  await expect(agent.replyMenu.getByRole('option', { selected: true })).toContainText('退款');
  await agent.composer.pressSequentially('gree');
  await expect(agent.replyMenu.getByRole('option')).toHaveCount(1);
  await agent.composer.press('Enter');
  await expect(agent.replyMenu).toHaveCount(0);
  await expect(agent.composer).toHaveValue('Hi there, this is Admin.');
  await expect(agent.composer).toBeFocused();
  // Nothing was sent by that Enter; the next one sends.
  await expect(agent.texts).toHaveText(['Hello']);
  await agent.composer.pressSequentially(' /退');
  await agent.composer.press('Tab');
  await expect(agent.composer).toHaveValue('Hi there, this is Admin. 退款需要三个工作日。');
  await agent.composer.press('Enter');
  await agent.shows(['Hello', 'Hi there, this is Admin. 退款需要三个工作日。']);
});

test('a slash that asks for nothing is just a slash', async ({ people }) => {
  const agent = await people.agent();
  await agent.choose('Hello');
  await agent.composer.pressSequentially('and/or https://example.com/hi');
  await expect(agent.replyMenu).toHaveCount(0);
  await agent.composer.press('Enter');
  await agent.shows(['Hello', 'and/or https://example.com/hi']);
  // Escape closes it for good, and Enter sends what stands there.
  await agent.composer.pressSequentially('/hi');
  await expect(agent.replyMenu).toBeVisible();
  await agent.composer.press('Escape');
  await expect(agent.replyMenu).toHaveCount(0);
  await agent.composer.press('Enter');
  await agent.shows(['Hello', 'and/or https://example.com/hi', '/hi']);
});

test('an input method keeps its keys while it writes', async ({ people }) => {
  const agent = await people.agent();
  await agent.choose('Hello');
  await agent.composer.focus();
  const input = await agent.page.context().newCDPSession(agent.page);
  await agent.composer.pressSequentially('/');
  await expect(agent.replyMenu).toBeVisible();
  await input.send('Input.imeSetComposition', { text: '退', selectionStart: 1, selectionEnd: 1 });
  // The key that confirms the characters is the input method's.
  await input.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    key: 'Enter',
    code: 'Enter',
    windowsVirtualKeyCode: 229,
  });
  await expect(agent.composer).toHaveValue('/退');
  await input.send('Input.insertText', { text: '退' });
  await expect(agent.replyMenu.getByRole('option')).toHaveCount(1);
  await agent.page.waitForTimeout(50);
  await agent.composer.press('Enter');
  await expect(agent.composer).toHaveValue('退款需要三个工作日。');
});

test('they are made, changed and deleted in the panel', async ({ people, watch }) => {
  watch.announce(/409.*\/api\/v1\/saved-replies/);
  const agent = await people.agent();
  const { page } = agent;
  await agent.panel('Saved replies');
  await page.locator('summary', { hasText: 'New saved reply' }).click();
  const form = page.getByRole('form', { name: 'New saved reply' });
  await form.getByLabel('Shortcut').fill('/hi');
  await form.getByLabel('Text', { exact: true }).fill('Bye {customer.name|friend}!');
  await form.getByLabel('For whom').selectOption('all');
  await form.getByRole('button', { name: 'Save reply' }).click();
  await expect(page.getByText('There is a saved reply of this shortcut already.')).toBeVisible();
  await form.getByLabel('Shortcut').fill('bye');
  await form.getByLabel('For whom').selectOption('mine');
  await form.getByRole('button', { name: 'Save reply' }).click();
  await expect(page.getByRole('listitem', { name: '/bye' })).toBeVisible();

  await page.getByRole('button', { name: 'Edit hi' }).click();
  const edit = page.getByRole('form', { name: 'Edit' });
  await edit.getByLabel('Text', { exact: true }).fill('Hello again');
  await edit.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('listitem', { name: /^\/hi/ })).toContainText('Hello again');
  await page.getByRole('button', { name: 'Delete 退款' }).click();
  await page.getByRole('group').getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('listitem', { name: '退款' })).toHaveCount(0);

  await agent.choose('Hello');
  await agent.composer.pressSequentially('/');
  await expect(agent.replyMenu.getByRole('option')).toHaveText([/\/bye/, /\/hi.*Hello again/]);
  await agent.composer.press('Enter');
  await expect(agent.composer).toHaveValue('Bye friend!');
});

test('an agent sees what is everybody’s and changes only their own', async ({ people }) => {
  const li = await people.colleague('Li Wei');
  await li.page.goto('/agent#replies');
  await expect(li.page.getByRole('listitem', { name: /^\/hi/ })).toContainText('Everybody');
  await expect(li.button('Edit hi')).toHaveCount(0);
  await li.page.locator('summary', { hasText: 'New saved reply' }).click();
  await expect(li.page.getByLabel('For whom')).toHaveCount(0);
});
