// Finding conversations: tags and search.

import { expect, test } from '../support/fixtures.ts';
import { Api, WireSession } from '../support/wire.ts';

test('a tag is seen by other agents at once, filters the list, and is taken off again', async ({
  people,
  server,
}) => {
  await (await WireSession.customer(server)).post('My parcel is late');
  await (await WireSession.customer(server)).post('Something else');
  const agent = await people.agent();
  const ana = await people.colleague('Ana');
  await agent.choose('My parcel is late');
  await agent.tag('退款');
  await agent.tag('VIP');
  await expect(ana.row('My parcel is late').locator('.tag')).toHaveText(['VIP', '退款']);
  await ana.reload();
  await expect(ana.row('My parcel is late').locator('.tag')).toHaveText(['VIP', '退款']);
  await ana.inbox.getByLabel(ana.words.withTag).selectOption('VIP');
  await expect(ana.rows).toHaveText([/My parcel is late/]);
  await agent.button('Remove the tag VIP').click();
  await expect(agent.details.locator('.tags')).not.toContainText('VIP');
  await expect(ana.rows).toHaveCount(0);
  await ana.inbox.getByLabel(ana.words.withTag).selectOption('');
  await expect(ana.row('My parcel is late').locator('.tag')).toHaveText(['退款']);
});

test('search finds English and Chinese, notes too, and opens what it found', async ({
  people,
  server,
}) => {
  const first = await WireSession.customer(server);
  await first.post('我的订单什么时候发货？<img src=x onerror=alert(1)>');
  const second = await WireSession.customer(server);
  const other = await second.post('I want a Refund, please');
  const api = await Api.signIn(server);
  const colleague = await WireSession.agent(server, api);
  await colleague.ask({ type: 'conversation.close', conversation: other });

  const agent = await people.agent();
  await agent.page.locator('.inbox a').first().focus();
  await agent.page.keyboard.press('/');
  await expect(agent.search).toBeFocused();
  await agent.search.pressSequentially('单');
  await expect(agent.hits).toHaveCount(1);
  await expect(agent.hits.locator('mark')).toHaveText(['单']);
  await expect(agent.hits.locator('img')).toHaveCount(0);
  await expect(agent.hits).toContainText('<img src=x');
  await agent.search.fill('REFUND');
  await expect(agent.hits.locator('mark')).toHaveText(['Refund']);
  await expect(agent.hits).toContainText('Closed');
  await agent.hits.click();
  await expect(agent.texts).toHaveText(['I want a Refund, please']);
  await agent.search.fill('nothing of this kind');
  await expect(agent.page.getByText('Nothing found')).toBeVisible();
  await agent.search.press('Escape');
  await expect(agent.search).toHaveValue('');
  await expect(agent.rows).toHaveCount(2);
});
