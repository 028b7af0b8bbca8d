// Customers are kept out: told plainly, at once, for as long as was said; and back by themselves.

import { expect, test } from '../support/fixtures.ts';
import { BLOCK_WORDS, block, keptOut } from '../support/keepingOut.ts';
import type { CustomerPage } from '../support/pages.ts';

test('an agent blocks a customer, who is told until when, and lets them in again', async ({
  people,
}) => {
  const words = BLOCK_WORDS.en;
  const customer = await people.customer();
  await customer.send('Buy my watches');
  const agent = await people.agent();
  await agent.choose('Buy my watches');
  await agent.page.locator('summary', { hasText: words.more }).click();
  await agent.button(words.menu).click();
  await block(agent.page, words);
  await expect(customer.status).toContainText(words.until);
  await expect(customer.composer).toBeDisabled();
  // Nobody has to know why.
  await expect(customer.page.locator('main')).not.toContainText('spam');
  await customer.reload();
  await expect(customer.status).toContainText(words.until);
  // Nothing comes any more, and nothing can be sent.
  await expect(customer.page.locator('.list .skeleton, .older, .attach')).toHaveCount(0);

  await agent.page.goto('/agent#blocks');
  const row = agent.page.locator('.entry');
  await expect(row).toContainText('spam');
  await row.getByRole('button').click();
  await expect(agent.page.getByText(words.nobody)).toBeVisible();
  await customer.reload();
  await customer.online();
  await customer.send('Sorry');
  await customer.shows(['Buy my watches', 'Sorry']);
});

test('the customer reads it in Chinese too', async ({ people, server }) => {
  const customer = await people.customer({ language: 'zh' });
  await customer.send('你好');
  await keptOut(customer, '1', server, async () => {});
});

test.describe('with few messages a minute', () => {
  test.use({ settings: { KEFU_MESSAGES_PER_MINUTE: '6' } });

  test('what is too much waits, counted down, and goes by itself', async ({ people }) => {
    const customer = await people.customer();
    await fill(customer, 6);
    await customer.send('one more');
    await expect(customer.log.locator('.countdown')).toHaveText(/in \d+ s/);
    await customer.settled();
    await expect(customer.texts).toHaveCount(7);
  });
});

async function fill(customer: CustomerPage, many: number): Promise<void> {
  for (let n = 0; n < many; n += 1) await customer.send(`message ${n}`);
}

test.describe('with one connection from an address', () => {
  test.use({ settings: { KEFU_MAX_CONNECTIONS_PER_ADDRESS: '1' } });

  test('who finds no place is told, and comes in when there is one', async ({ people }) => {
    const first = await people.customer();
    const second = await people.page();
    await second.goto('/');
    await expect(second.getByRole('status')).toContainText('Too many connections');
    await expect(second.locator('.countdown')).toHaveText(/in \d+ s/);
    await first.page.close();
    await second.getByRole('button', { name: 'Try now' }).click();
    await expect(second.locator('.status-line')).toHaveClass(/status-(online|again)/);
  });
});
