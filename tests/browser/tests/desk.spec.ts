// A day at the desk: who has which conversation, notes, the queue, the end.

import { expect, test } from '../support/fixtures.ts';
import { Api, WireSession } from '../support/wire.ts';

test('a customer waits, is taken, handed on, ended, and begins anew', async ({ people }) => {
  const li = await people.colleague('Li Wei');
  const customer = await people.customer();
  await customer.send('My parcel is late');
  await expect(customer.place).toHaveText(customer.words.nextInQueue);

  await li.choose('My parcel is late');
  await li.button(li.words.take).click();
  // Who comes later is in the menu, too.
  const ana = await people.colleague('Ana');
  await expect(customer.events).toHaveText(['Li Wei joined']);
  await expect(customer.place).toHaveText('');
  await expect(li.row('My parcel is late')).toContainText('Yours');
  await expect(ana.row('My parcel is late')).toContainText('Li Wei');
  await ana.choose('My parcel is late');
  await expect(ana.button(ana.words.take)).toHaveCount(0);
  await expect(ana.button(ana.words.end)).toHaveCount(0);

  await li.page.locator('summary', { hasText: li.words.transfer }).click();
  await li.button('To Ana').click();
  await expect(customer.events.last()).toHaveText('Li Wei transferred the chat to Ana');
  await expect(ana.button(ana.words.end)).toBeVisible();
  await ana.send('I have found it.');
  await customer.shows(['My parcel is late', 'I have found it.']);

  await ana.button(ana.words.end).click();
  await ana.dialog.getByRole('button', { name: ana.words.cancel }).click();
  await expect(ana.composer).toBeVisible();
  await ana.button(ana.words.end).click();
  await ana.dialog.getByRole('button', { name: ana.words.end }).click();
  await expect(ana.composer).toHaveCount(0);
  await expect(ana.button(ana.words.reopen)).toBeVisible();
  await expect(customer.events.last()).toHaveText('Ana ended the chat');
  await expect(customer.page.getByText(customer.words.chatEnded)).toBeVisible();
  await expect(customer.composer).toHaveCount(0);

  await customer.button(customer.words.newChat).click();
  await customer.shows([]);
  await customer.send('Another thing');
  await customer.shows(['Another thing']);
  // Among all, what has ended comes last.
  await expect(li.rows).toHaveText([/Another thing/, /I have found it\./]);
  await li.filter('closed');
  await expect(li.rows).toHaveText([/I have found it\./]);
});

test('of two agents who take at once one is told that the other was first', async ({
  people,
  server,
}) => {
  const li = await people.colleague('Li Wei');
  const customer = await people.customer();
  await customer.send('Hello');
  await li.choose('Hello');
  await expect(li.button(li.words.take)).toBeVisible();
  // What the colleague does does not reach this page before the click.
  const api = await Api.signIn(server);
  const [conversation = ''] = await api.conversations();
  const colleague = await WireSession.agent(server, api);
  await li.page.evaluate(() => {
    const { send } = WebSocket.prototype;
    const held: [WebSocket, Parameters<typeof send>[0]][] = [];
    WebSocket.prototype.send = function (data) {
      held.push([this, data]);
    };
    Object.assign(window, {
      letGo: () => {
        WebSocket.prototype.send = send;
        for (const [socket, data] of held) send.call(socket, data);
      },
    });
  });
  await li.button(li.words.take).click();
  expect(await colleague.ask({ type: 'conversation.take', conversation })).toBe(
    'conversation.done',
  );
  await li.page.evaluate(() => (window as unknown as { letGo: () => void }).letGo());
  await expect(li.page.getByText('Somebody else has taken this conversation.')).toBeVisible();
  await expect(li.row('Hello')).toContainText('Admin');
});

test('a note is seen by agents and by nobody else', async ({ people, server }) => {
  const agent = await people.agent();
  const colleague = await people.colleague('Ana');
  const customer = await people.customer();
  const heard: string[] = [];
  customer.page.on('websocket', socket =>
    socket.on('framereceived', ({ payload }) => heard.push(String(payload))),
  );
  await customer.reload();
  await customer.online();
  await customer.send('Hello');
  await agent.choose('Hello');
  await agent.button(agent.words.note).click();
  await agent.note.pressSequentially('Be careful with this one');
  await expect(agent.page.locator('.for-note')).toBeVisible();
  await agent.note.press('Enter');
  await expect(agent.log.locator('.note')).toHaveText(/Be careful with this one/);
  await colleague.choose('Hello');
  await expect(colleague.log.locator('.note')).toHaveText(/Be careful with this one/);
  // A draft of one kind is not a draft of the other.
  await agent.note.fill('another note, half written');
  expect(heard.join()).not.toContain('typing');
  await agent.button(agent.words.reply).click();
  await expect(agent.composer).toHaveValue('');
  await agent.send('How can I help?');
  await customer.shows(['Hello', 'How can I help?']);
  await expect(customer.events).toHaveText(['Admin joined']);
  await customer.reload();
  await customer.shows(['Hello', 'How can I help?']);
  expect(heard.join()).toContain('How can I help?');
  expect(heard.join()).not.toContain('careful');
  const api = await Api.signIn(server);
  expect(await api.texts('1')).toEqual(['Hello', 'How can I help?']);
});

test('the filters show who waits by how long, what is mine, and what has ended', async ({
  people,
  server,
}) => {
  const agent = await people.agent();
  const first = await WireSession.customer(server);
  const second = await WireSession.customer(server);
  await first.post('first');
  await second.post('second');
  await first.post('first again');
  await expect(agent.rows).toHaveText([/first again/, /second/]);
  await expect(agent.page.getByRole('button', { name: 'Waiting 2' })).toBeVisible();
  await agent.filter('waiting');
  await expect(agent.rows).toHaveText([/first again/, /second/]);
  await agent.choose('second');
  await agent.button(agent.words.take).click();
  await expect(agent.rows).toHaveText([/first again/]);
  await agent.filter('mine');
  await expect(agent.rows).toHaveText([/second/]);
  await agent.page.locator('summary', { hasText: agent.words.transfer }).click();
  await agent.button(agent.words.backToQueue).click();
  await expect(agent.rows).toHaveCount(0);
  await agent.filter('waiting');
  await expect(agent.rows).toHaveText([/first again/, /second/]);
  await expect(agent.page.getByRole('button', { name: /^Waiting/, pressed: true })).toHaveText(
    'Waiting 2',
  );
});

test('the keys take the longest-waiting, end it, and list themselves', async ({ people }) => {
  const agent = await people.agent();
  const first = await people.customer();
  const second = await people.customer();
  await first.send('I was first');
  await expect(agent.rows).toHaveCount(1);
  await second.send('I came later');
  await expect(agent.rows).toHaveCount(2);
  await expect(second.place).toHaveText(second.words.placeInQueue(2));
  await agent.page.keyboard.press('Alt+KeyN');
  await expect(first.events).toHaveText(['Admin joined']);
  await expect(second.place).toHaveText(second.words.nextInQueue);
  await agent.shows(['I was first']);
  // Also while writing, which a "?" does not disturb.
  await agent.composer.pressSequentially('Really?');
  await expect(agent.dialog).toHaveCount(0);
  await agent.page.keyboard.press('Alt+KeyE');
  await expect(agent.dialog).toBeVisible();
  await agent.page.keyboard.press('Escape');
  await expect(agent.dialog).toHaveCount(0);
  await agent.page.keyboard.press('Alt+KeyE');
  await agent.dialog.getByRole('button', { name: agent.words.end }).click();
  await expect(first.page.getByText(first.words.chatEnded)).toBeVisible();

  await agent.page.locator('.inbox a').first().focus();
  await agent.page.keyboard.press('?');
  await expect(agent.dialog).toContainText(agent.words.shortcuts);
  await agent.dialog.getByRole('checkbox').uncheck();
  await agent.page.keyboard.press('Escape');
  await expect(agent.dialog).toHaveCount(0);
  await agent.page.keyboard.press('Alt+KeyN');
  await agent.page.keyboard.press('?');
  await expect(agent.dialog).toHaveCount(0);
  await expect(second.events).toHaveCount(0);
});

test.describe('where a customer reopens by writing', () => {
  test.use({ settings: { KEFU_AFTER_CLOSE: 'reopen' } });

  test('the conversation goes on', async ({ people }) => {
    const agent = await people.agent();
    const customer = await people.customer();
    await customer.send('Hello');
    await agent.choose('Hello');
    await agent.button(agent.words.end).click();
    await agent.dialog.getByRole('button', { name: agent.words.end }).click();
    await expect(customer.page.getByText('Write again to go on with it.')).toBeVisible();
    await customer.send('One more thing');
    await customer.shows(['Hello', 'One more thing']);
    await expect(customer.events.last()).toHaveText('You reopened the chat');
    await expect(agent.button(agent.words.take)).toBeVisible();
  });
});
