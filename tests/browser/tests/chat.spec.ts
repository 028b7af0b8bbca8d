// A customer and an agent talk, each in a browser of their own.

import { expect, test } from '../support/fixtures.ts';
import { Api } from '../support/wire.ts';

test('a customer and an agent talk in both directions', async ({ people, server }) => {
  const customer = await people.customer();
  const agent = await people.agent();
  await expect(agent.page.getByText(agent.words.noOneWaiting)).toBeVisible();

  await customer.send('Hello, is anybody there?');
  const row = agent.row('Hello, is anybody there?');
  await expect(row).toHaveCount(1);
  await expect(agent.unread(row)).toContainText('1');
  await customer.send('我想问一下订单');
  await expect(agent.unread(agent.rows.first())).toContainText('2');
  await expect(agent.rows.first()).toContainText('我想问一下订单');
  await expect(agent.page).toHaveTitle(/^\(2\)/);

  await agent.choose('我想问一下订单');
  await expect(agent.unread(agent.rows.first())).toHaveCount(0);
  await expect(agent.page).toHaveTitle(/^[^(]/);
  await agent.send('Yes, I am here.');
  await agent.send('什么订单？');
  await customer.send('Number 42');

  const talk = [
    'Hello, is anybody there?',
    '我想问一下订单',
    'Yes, I am here.',
    '什么订单？',
    'Number 42',
  ];
  await customer.shows(talk);
  await agent.shows(talk);
  await expect(agent.rows.first()).toContainText('Number 42');
  const api = await Api.signIn(server);
  const [conversation] = await api.conversations();
  expect(await api.texts(String(conversation))).toEqual(talk);
});

test('the latest conversation stands first, with its last text', async ({ people }) => {
  const agent = await people.agent();
  const first = await people.customer();
  const second = await people.customer();
  await first.send('first of all');
  await expect(agent.rows).toHaveCount(1);
  await second.send('second of all');
  await expect(agent.rows).toHaveText([/second of all/, /first of all/]);
  await first.send('first again');
  await expect(agent.rows).toHaveText([/first again/, /second of all/]);
  await agent.choose('first again');
  await agent.send('an answer');
  await expect(agent.rows.first()).toContainText('You: an answer');
});

test('each side is shown that the other types', async ({ people }) => {
  const customer = await people.customer();
  const agent = await people.agent();
  await customer.send('Hello');
  await agent.choose('Hello');

  await customer.composer.pressSequentially('Let me think');
  await expect(agent.typing).toContainText('is typing…');
  await customer.composer.press('Enter');
  await expect(agent.typing).toHaveText('');

  await agent.composer.pressSequentially('Take your time');
  await expect(customer.typing).toHaveText('Admin is typing…');
  await agent.composer.fill('');
  await expect(customer.typing).toHaveText('');
});

test('a message is marked as read once the other side has seen it', async ({ people }) => {
  const customer = await people.customer();
  const agent = await people.agent();
  await customer.send('Read me');
  await expect(agent.row('Read me')).toHaveCount(1);
  await expect(customer.message('Read me')).toContainText(customer.words.sent);

  await agent.choose('Read me');
  await expect(customer.message('Read me')).toContainText(customer.words.read);
  // The customer's page is at its end and has the focus, so the answer is seen at once.
  await agent.send('I have');
  await expect(agent.message('I have')).toContainText(agent.words.read);
});

test('a wrong password is refused in words, the right one opens the desk', async ({
  people,
  watch,
}) => {
  const agent = await people.visitor();
  watch.announce(/401.*\/api\/v1\/login/);
  await agent.signIn('not the password');
  await expect(agent.page.getByRole('alert')).toContainText('password is wrong');
  await expect(agent.password).toBeFocused();
  await agent.signIn('a-password-for-tests');
  await expect(agent.inbox).toBeVisible();
  await expect(agent.inbox).toContainText('Admin');
});

test('signing out ends the session in every tab, and on the server', async ({ people, watch }) => {
  const agent = await people.agent();
  const second = await agent.page.context().newPage();
  await second.goto('/agent');
  await expect(second.getByRole('navigation', { name: 'Conversations' })).toBeVisible();

  // What the second window has just asked for may be answered after the end.
  watch.announce(/401.*\/api\/v1\/tags/);
  await agent.signOut();
  await expect(agent.signInButton).toBeVisible();
  await expect(second.getByRole('button', { name: 'Sign in', exact: true })).toBeVisible();
  await expect(second.getByText('You were signed out.')).toBeVisible();

  watch.announce(/401.*\/api\/v1\/me/);
  const status = await agent.page.evaluate(async () => (await fetch('/api/v1/me')).status);
  expect(status).toBe(401);
  await agent.reload();
  await expect(agent.signInButton).toBeVisible();
});

test('a draft outlives being signed out', async ({ people }) => {
  const customer = await people.customer();
  const agent = await people.agent();
  await customer.send('Hello');
  await agent.choose('Hello');
  await agent.write('half an answer');
  await agent.signOut();
  await agent.signIn('a-password-for-tests');
  await expect(agent.composer).toHaveValue('half an answer');
});

test('two tabs that send a first message at once end in one conversation', async ({
  people,
  server,
}) => {
  const first = await people.customer();
  const second = await people.tab(first);
  await second.open();
  await first.write('from the first tab');
  await second.write('from the second tab');
  await Promise.all([first.composer.press('Enter'), second.composer.press('Enter')]);
  await expect(first.texts).toHaveCount(2);
  await expect(second.texts).toHaveCount(2);
  expect(await first.texts.allTextContents()).toEqual(await second.texts.allTextContents());

  const api = await Api.signIn(server);
  const conversations = await api.conversations();
  expect(conversations).toHaveLength(1);
  expect((await api.texts(String(conversations[0]))).sort()).toEqual([
    'from the first tab',
    'from the second tab',
  ]);
});

test('a second tab shows the same conversation, live', async ({ people }) => {
  const first = await people.customer();
  await first.send('before the second tab');
  await first.settled();
  const second = await people.tab(first);
  await second.open();
  await second.shows(['before the second tab']);
  await first.send('from the first');
  await second.shows(['before the second tab', 'from the first']);
  await second.send('from the second');
  await first.shows(['before the second tab', 'from the first', 'from the second']);
});

test.describe('in a shared room', () => {
  test.use({ settings: { KEFU_ROOM: 'shared' } });

  test('two customers and an agent see what each of them writes', async ({ people }) => {
    const anna = await people.customer();
    const bo = await people.customer();
    const agent = await people.agent();
    await anna.send('I am Anna');
    await bo.shows(['I am Anna']);
    await bo.send('我是小波');
    await agent.choose('我是小波');
    await agent.send('Welcome, both');
    const talk = ['I am Anna', '我是小波', 'Welcome, both'];
    for (const person of [anna, bo, agent]) await person.shows(talk);
    // Only one's own stand at the end side.
    await expect(anna.log.locator('.message.own')).toHaveText([/I am Anna/]);
    await expect(bo.log.locator('.message.own')).toHaveText([/我是小波/]);

    const late = await people.customer();
    await late.shows(talk);
    await expect(late.log.locator('.message.own')).toHaveCount(0);
  });
});
