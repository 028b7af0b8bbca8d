// What a customer may do beside writing: say who they are, say how it was, keep the conversation.

import { readFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '../support/fixtures.ts';
import { Api, WireSession } from '../support/wire.ts';

test.describe.configure({ timeout: 180_000 });

test('contact, transcript without the note, rating that survives a reload', async ({
  people,
  server,
  watch,
}) => {
  const customer = await people.customer();
  const { page } = customer;
  const contact = page.getByText('Leave your name and e-mail address');
  await expect(contact).toHaveCount(0);
  await customer.send('My <b>order</b> is late');
  await customer.settled();
  await contact.click();
  await page.getByLabel('Name').fill('Ana');
  await page.getByLabel('E-mail address').fill('ana');
  watch.announce(/400.*\/api\/v1\/contact/);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('This is not an e-mail address.')).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  await page.getByLabel('E-mail address').fill('ana@example.com');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Thank you, this is kept.')).toBeVisible();

  const api = await Api.signIn(server);
  const [conversation = ''] = await api.conversations();
  const agent = await WireSession.agent(server, api);
  await agent.post('One moment', conversation);
  await agent.ask({
    type: 'message.post',
    conversation,
    client_id: 'note-1',
    text: 'A secret note',
    kind: 'note',
  });
  await expect(customer.message('One moment')).toBeVisible();

  const saved = async (name: string) => {
    const download = page.waitForEvent('download');
    await customer.more.click();
    await page.getByRole('button', { name }).click();
    await expect(page.getByRole('button', { name })).toBeHidden();
    return readFile(await (await download).path(), 'utf8');
  };
  const text = await saved('Save this chat as text');
  expect(text).toContain('You: My <b>order</b> is late');
  expect(text).toContain('Admin: One moment');
  expect(text).not.toContain('secret');
  const html = await saved('Save this chat as HTML');
  expect(html).toContain('My &lt;b&gt;order&lt;/b&gt; is late');
  expect(html).not.toContain('secret');

  await agent.ask({ type: 'conversation.close', conversation });
  await expect(page.getByText('How was this chat?')).toBeVisible();
  await page.getByRole('radio', { name: 'Good', exact: true }).check({ force: true });
  await page.getByLabel('Anything to add?').fill('Quick');
  const after = await new AxeBuilder({ page }).analyze();
  expect(after.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  await page.getByRole('button', { name: 'Send rating' }).click();
  await expect(page.getByText('Thank you! You gave 4 of 5.')).toBeVisible();
  await page.reload();
  await expect(page.getByText('Thank you! You gave 4 of 5.')).toBeVisible();
  await page.getByRole('button', { name: 'Change' }).click();
  await expect(page.getByLabel('Anything to add?')).toHaveValue('Quick');
});

test('contact details are asked for only while nobody is here to answer', async ({
  people,
  server,
}) => {
  const customer = await people.customer();
  const { page } = customer;
  const contact = page.getByText('Leave your name and e-mail address');
  await customer.send('Hello');
  await customer.settled();
  await expect(contact).toBeVisible();

  const api = await Api.signIn(server);
  await WireSession.agent(server, api);
  await expect(page.getByText('We are here')).toBeVisible();
  await expect(contact).toHaveCount(0);
});

test('contact details that are being written stay when somebody comes', async ({
  people,
  server,
}) => {
  const customer = await people.customer();
  const { page } = customer;
  await customer.send('Hello');
  await customer.settled();
  await page.getByText('Leave your name and e-mail address').click();
  await page.getByLabel('E-mail address').fill('ana@example.com');

  const api = await Api.signIn(server);
  await WireSession.agent(server, api);
  await expect(page.getByText('We are here')).toBeVisible();
  await expect(page.getByLabel('E-mail address')).toHaveValue('ana@example.com');
});

test('the menu is used by the keyboard, and says so when a chat cannot be saved', async ({
  people,
  server,
  watch,
}) => {
  const customer = await people.customer();
  const { page } = customer;
  await expect(customer.more).toHaveCount(0);
  await customer.send('Hello');
  await customer.settled();
  await customer.more.focus();
  await page.keyboard.press('ArrowDown');
  await expect(customer.button('Save this chat as text')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(customer.button('Save this chat as HTML')).toBeFocused();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(customer.more).toBeFocused();
  await expect(customer.button('Save this chat as HTML')).toBeHidden();

  watch.announceOutage();
  await server.kill9();
  await expect(customer.status).toContainText(customer.words.reconnecting);
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByText('The chat could not be saved.')).toBeVisible();
  await expect(customer.more).toBeFocused();
});
