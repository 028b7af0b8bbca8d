// Who is there, who is away, and what becomes of a conversation whose agent has vanished.

import { expect, test } from '../support/fixtures.ts';
import { Api } from '../support/wire.ts';

test('an agent says that they are away, and others see it wherever it matters', async ({
  people,
}) => {
  const li = await people.colleague('Li Wei');
  const ana = await people.colleague('Ana');
  const available = li.button(li.words.available);
  const away = li.button(li.words.away);
  await expect(available).toHaveAttribute('aria-pressed', 'true');
  // By the keyboard alone.
  await available.focus();
  await li.page.keyboard.press('Tab');
  await expect(away).toBeFocused();
  await li.page.keyboard.press('Enter');
  await expect(away).toHaveAttribute('aria-pressed', 'true');
  await expect(away).toBeFocused();
  await expect(available).toHaveAttribute('aria-pressed', 'false');
  await li.page.reload();
  await li.online();
  await expect(away).toHaveAttribute('aria-pressed', 'true');

  await ana.openMenu();
  await ana.page.locator('.agents-online > summary').click();
  const row = ana.page.locator('.agents-online li', { hasText: 'Li Wei' });
  await expect(row).toContainText(ana.words.away);
  const customer = await people.customer();
  await customer.send('Hello');
  await ana.choose('Hello');
  await ana.button(ana.words.take).click();
  await ana.page.locator('summary', { hasText: ana.words.transfer }).click();
  const toLi = ana.page.locator('.menu-item', { hasText: 'Li Wei' });
  await expect(toLi).toContainText(ana.words.away);
  // The admin has never been there; it is allowed, and to be seen.
  await expect(ana.page.locator('.menu-item', { hasText: 'Admin' })).toContainText(
    ana.words.offlineMark,
  );
  await toLi.click();
  await expect(customer.events.last()).toHaveText('Ana transferred the chat to Li Wei');

  await available.click();
  await expect(available).toHaveAttribute('aria-pressed', 'true');
  await expect(row).not.toContainText(ana.words.away);
});

test('what an agent has whose browser is killed goes back and is given to another', async ({
  people,
  server,
}) => {
  const api = await Api.signIn(server);
  await api.set('assignment', { mode: 'round_robin', grace_s: 2, return_after_s: 1 });
  const li = await people.colleague('Li Wei');
  const customer = await people.customer();
  await customer.send('My parcel is late');
  await expect(customer.events).toHaveText(['Li Wei joined']);
  await expect(li.row('My parcel is late')).toContainText('Yours');

  const ana = await people.colleague('Ana');
  await li.page.context().close();
  await expect(customer.events).toHaveText([
    'Li Wei joined',
    'Li Wei left; back in the queue',
    'Ana joined',
  ]);
  await ana.choose('My parcel is late');
  await ana.send('Here I am.');
  await customer.shows(['My parcel is late', 'Here I am.']);
});

test('where nobody is given anything, another agent takes it from the queue', async ({
  people,
  server,
}) => {
  const api = await Api.signIn(server);
  await api.set('assignment', { grace_s: 2, return_after_s: 1 });
  const li = await people.colleague('Li Wei');
  const ana = await people.colleague('Ana');
  const customer = await people.customer();
  await customer.send('Hello');
  await li.choose('Hello');
  await li.button(li.words.take).click();
  await expect(customer.events).toHaveText(['Li Wei joined']);
  await li.page.context().close();
  await expect(customer.place).toHaveText(customer.words.nextInQueue);
  await ana.choose('Hello');
  await ana.button(ana.words.take).click();
  await expect(customer.events.last()).toHaveText('Ana joined');
});
