// Who the customer is, beside the conversation.

import { expect, test } from '../support/fixtures.ts';
import { Api, WireSession } from '../support/wire.ts';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';

test('an agent sees who it is and what else they talked of', async ({ people, server }) => {
  const customer = await people.customer({ userAgent: IPHONE });
  await customer.send('My first question');
  const api = await Api.signIn(server);
  const [first = ''] = await api.conversations();
  const colleague = await WireSession.agent(server, api);
  await colleague.ask({ type: 'conversation.close', conversation: first });
  await customer.button(customer.words.newChat).click();
  await customer.send('Another thing');
  await customer.settled();

  const agent = await people.agent();
  await agent.choose('Another thing');
  await expect(agent.details.getByText('Safari 18 · iOS')).toHaveAttribute('title', IPHONE);
  await expect(agent.details).toContainText('British English');
  const page = agent.details.getByRole('link', { name: new URL(server.url).host });
  await expect(page).toHaveAttribute('rel', /noopener/);
  await agent.details.getByRole('link', { name: /My first question/ }).click();
  await agent.shows(['My first question']);
  await expect(agent.details.getByRole('link', { name: /Another thing/ })).toBeVisible();
});

test('a page that is no web address is no link', async ({ people, server }) => {
  const page = 'javascript:alert(1)';
  await (await WireSession.customer(server, undefined, { page })).post('Hello');
  const agent = await people.agent();
  await agent.choose('Hello');
  await expect(agent.details).toContainText(page);
  await expect(agent.details.getByRole('link')).toHaveCount(0);
});

test('without room the details are a drawer that gives the focus back', async ({
  people,
  server,
}) => {
  const first = await WireSession.customer(server, undefined, { language: 'de-AT' });
  await first.post('Hello');
  const agent = await people.agent({ viewport: { width: 900, height: 700 } });
  await agent.choose('Hello');
  await expect(agent.details).toHaveCount(0);
  const button = agent.button(agent.words.details);
  await button.click();
  await expect(agent.details).toContainText('Austrian German');
  await agent.page.keyboard.press('Escape');
  await expect(agent.details).toHaveCount(0);
  await expect(button).toBeFocused();
  // What is beside the drawer shuts it, too.
  await button.click();
  await agent.page.mouse.click(100, 300);
  await expect(agent.details).toHaveCount(0);
  await agent.page.setViewportSize({ width: 1280, height: 800 });
  await expect(agent.details).toContainText('Austrian German');
});
