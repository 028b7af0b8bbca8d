// Whatever happens in the middle of sending, each message arrives exactly once, in the order in
// which it was typed: on the sender's page, on the other side's page and in the database.

import { expect, test } from '../support/fixtures.ts';
import type { ConsolePage, CustomerPage } from '../support/pages.ts';
import type { Server } from '../support/server.ts';
import { Api } from '../support/wire.ts';

/** Types without waiting for any answer. */
async function type(page: CustomerPage | ConsolePage, texts: readonly string[]): Promise<void> {
  for (const text of texts) await page.send(text);
}

function numbered(count: number, what: string): string[] {
  return Array.from({ length: count }, (_, n) => `${what} ${n + 1}`);
}

/** Both pages and the database hold exactly these. */
async function expectOnce(
  server: Server,
  pages: readonly (CustomerPage | ConsolePage)[],
  texts: readonly string[],
): Promise<void> {
  for (const page of pages) {
    await page.shows(texts);
    await expect(page.log.locator('.state.sending, .state.waiting, .failed')).toHaveCount(0);
  }
  const api = await Api.signIn(server);
  const conversations = await api.conversations();
  expect(conversations).toHaveLength(1);
  const stored = await api.messages(String(conversations[0]));
  const said = stored.filter(({ kind }) => kind === 'text');
  expect(said.map(({ text }) => text)).toEqual([...texts]);
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, n) => n + 1));
}

test('a reload in the middle of sending loses and doubles nothing', async ({ people, server }) => {
  const customer = await people.customer();
  const agent = await people.agent();
  const texts = numbered(18, 'message');
  // Reloaded right after the last Enter, with the first message of all under way as well.
  for (const round of [0, 1, 2]) {
    await type(customer, texts.slice(round * 4, round * 4 + 4));
    await customer.reload();
  }
  // Reloaded while the server holds its breath: one message is on the wire, the rest wait.
  await customer.online();
  server.freeze();
  await type(customer, texts.slice(12, 15));
  await expect(customer.log.locator('.state.sending').first()).toBeAttached();
  const reloaded = customer.reload();
  server.thaw();
  await reloaded;
  await type(customer, texts.slice(15));

  await agent.choose('message');
  await expectOnce(server, [customer, agent], texts);
  await customer.reload();
  await expectOnce(server, [customer, agent], texts);
});

test('the server dies in the middle of sending and nothing is lost or doubled', async ({
  people,
  server,
  watch,
}) => {
  watch.announceOutage();
  const customer = await people.customer();
  const agent = await people.agent();
  const texts = numbered(25, 'message');
  const next = (count: number) => texts.splice(0, count);
  const all = [...texts];
  for (const round of [1, 2, 3, 4]) {
    // Each round ends at another moment: with one, two, three … on their way.
    await type(customer, next(round));
    await server.kill9();
    await type(customer, next(2));
    await server.restart();
    await customer.comeBack();
  }
  // Taken by the kernel, never read by the server.
  server.freeze();
  await type(customer, next(3));
  await server.kill9();
  await server.restart();
  await type(customer, next(4));
  await customer.comeBack();
  await agent.comeBack();

  await agent.choose('message');
  await expectOnce(server, [customer, agent], all);
});

test('a customer reloads while the server is away, with messages waiting', async ({
  people,
  server,
  watch,
}) => {
  const customer = await people.customer();
  await customer.send('stored before');
  await customer.settled();
  watch.announceOutage();
  await server.kill9();
  await type(customer, ['waiting 1', 'waiting 2']);
  await expect(customer.log.locator('.state.waiting').first()).toBeAttached();
  // The page itself has to come from somewhere.
  await server.restart();
  await customer.reload();
  const agent = await people.agent();
  await agent.choose('waiting 2');
  await expectOnce(server, [customer, agent], ['stored before', 'waiting 1', 'waiting 2']);
});

test("the agent's page loses and doubles nothing either", async ({ people, server, watch }) => {
  const customer = await people.customer();
  const agent = await people.agent();
  await customer.send('question');
  await agent.choose('question');
  const answers = numbered(16, 'answer');
  const next = (count: number) => answers.splice(0, count);
  const all = ['question', ...answers];
  for (const count of [3, 2]) {
    await type(agent, next(count));
    await agent.reload();
    await agent.online();
  }
  watch.announceOutage();
  for (const round of [1, 2]) {
    await type(agent, next(round));
    await server.kill9();
    await type(agent, next(2));
    await server.restart();
    await agent.comeBack();
  }
  server.freeze();
  await type(agent, next(2));
  const reloaded = agent.reload();
  server.thaw();
  await reloaded;
  await type(agent, next(2));
  await customer.comeBack();
  await expectOnce(server, [customer, agent], all);
});

test('an orderly restart of the server loses and doubles nothing', async ({
  people,
  server,
  watch,
}) => {
  watch.announceOutage();
  const customer = await people.customer();
  const agent = await people.agent();
  const texts = numbered(8, 'message');
  await type(customer, texts.slice(0, 3));
  await server.stop();
  await type(customer, texts.slice(3, 6));
  await server.restart();
  await customer.comeBack();
  await agent.comeBack();
  await type(customer, texts.slice(6));
  await agent.choose('message');
  await expectOnce(server, [customer, agent], texts);
});
