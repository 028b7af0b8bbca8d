// What the pages say and do while the connection is away.

import { expect, test } from '../support/fixtures.ts';
import { Api } from '../support/wire.ts';

test('offline: it is said in words, messages wait, and go out once afterwards', async ({
  people,
  server,
  watch,
}) => {
  const customer = await people.customer();
  const agent = await people.agent();
  await customer.send('before');
  await agent.choose('before');
  await expect(customer.message('before')).toContainText('Read');

  watch.announceOutage();
  await customer.page.context().setOffline(true);
  await server.kill9();
  await expect(customer.status).toHaveText(/^You are offline\./);
  await expect(agent.status).toHaveText(/^Connection lost\./);
  // Nobody knows now whether the customer is there, so the page does not say so.
  await expect(agent.presence).toHaveCount(0);

  await expect(customer.composer).toBeEnabled();
  await customer.send('written offline, first');
  await customer.send('写于离线时');
  await expect(customer.message('写于离线时')).toContainText('Will be sent when you are connected');
  await customer.write('a draft');

  await server.restart();
  await agent.comeBack();
  await agent.send('from the agent meanwhile');
  await agent.shows(['before', 'from the agent meanwhile']);
  await customer.page.context().setOffline(false);
  await expect(customer.status).toHaveText('Connected again');
  await expect(customer.composer).toHaveValue('a draft');
  const talk = ['before', 'from the agent meanwhile', 'written offline, first', '写于离线时'];
  await customer.shows(talk);
  await agent.shows(talk);
  await customer.settled();
  await expect(agent.presence).toHaveText('Online');
  await expect(customer.status).toHaveText('');
  const api = await Api.signIn(server);
  expect(await api.texts(String((await api.conversations())[0]))).toEqual(talk);
});

test('the network goes and comes back without the server noticing', async ({ people, watch }) => {
  const customer = await people.customer();
  const agent = await people.agent();
  await customer.send('before');
  await agent.choose('before');
  watch.announceOutage();
  await customer.page.context().setOffline(true);
  await expect(customer.status).toHaveText(/^You are offline\./);
  await agent.send('missed 1');
  await agent.send('missed 2');
  await customer.send('kept');
  await expect(customer.message('kept').locator('.state.waiting')).toBeVisible();
  await customer.page.context().setOffline(false);
  await customer.shows(['before', 'missed 1', 'missed 2', 'kept']);
  await agent.shows(['before', 'missed 1', 'missed 2', 'kept']);
});

test('"Try now" connects at once when the server is back', async ({ people, server, watch }) => {
  const customer = await people.customer();
  watch.announceOutage();
  await server.kill9();
  await expect(customer.status).toHaveText(/^Connection lost\./);
  await server.restart();
  await expect(async () => {
    if (await customer.tryNow.isVisible()) await customer.tryNow.click({ timeout: 1_000 });
    await expect(customer.status).toHaveText(/Connected again|^$/, { timeout: 1_000 });
  }).toPass();
  await customer.send('here again');
  await customer.settled();
});

test('the page of a server that is down connects by itself once it is up', async ({
  people,
  server,
  watch,
}) => {
  const customer = await people.customer();
  await customer.send('hello');
  await customer.settled();
  watch.announceOutage();
  await server.kill9();
  await expect(customer.status).toHaveText(/^Connection lost\./);
  await server.restart();
  await expect(customer.status).toHaveText('Connected again');
});

test('the line that says so stands still while the page tries to connect again', async ({
  people,
  server,
  watch,
}) => {
  const customer = await people.customer();
  watch.announceOutage();
  await server.kill9();
  await expect(customer.status).toHaveText(/^Connection lost\./);
  await customer.tryNow.focus();
  for (let n = 0; n < 3; n += 1) await customer.page.waitForEvent('websocket');
  await expect(customer.tryNow).toBeFocused();
  await server.restart();
  await expect(customer.status).toHaveText('Connected again');
});
