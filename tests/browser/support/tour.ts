// A walk through every state that the pages have, for tests that look at each of them: words,
// accessibility, layout. (And for the screenshots.)

import type { Page } from '@playwright/test';
import { code } from './authenticator.ts';
import { chooseFiles, PICTURE, TEXT_FILE } from './files.ts';
import { type Browsing, expect, type People } from './fixtures.ts';
import { ANA, allowIdentity, identified, identify } from './identified.ts';
import { keepingOut, keptOut } from './keepingOut.ts';
import { ADMIN, type Server } from './server.ts';
import type { Watch } from './watch.ts';
import { Api, WireSession } from './wire.ts';

export interface Tour {
  readonly people: People;
  readonly server: Server;
  readonly watch: Watch;
  readonly browsing: Browsing;
  /** Looks at one state; the name is for the report. */
  readonly look: (page: Page, state: string) => Promise<void>;
}

/** Texts that put a layout to the test. */
export const TEXTS = [
  'Hello! 我想问一下我的订单什么时候发货？',
  '看https://example.com/a，谢谢',
  'مرحبا، كيف حالك؟',
  '👩‍👩‍👧‍👦 🎉',
  'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
] as const;

/** The customer's page, state by state. */
export async function customerTour({ people, server, watch, browsing, look }: Tour) {
  const customer = await people.customer(browsing);
  const { page, words } = customer;
  const show = (state: string) => look(page, `customer ${state}`);
  await show('empty');

  for (const text of TEXTS) await customer.send(text);
  await customer.settled();
  await expect(customer.place).toHaveText(words.nextInQueue);
  await show('next in the queue');
  await customer.more.click();
  await show('the menu');
  await page.keyboard.press('Escape');
  const api = await Api.signIn(server);
  await api.set('hours', { limited: true });
  await expect(page.locator('.extras summary')).toBeVisible();
  await show('outside the hours');
  await page.locator('.extras summary').click();
  await page.getByRole('textbox').and(page.locator('[type=email]')).fill('not an address');
  watch.announce(/400.*\/api\/v1\/contact/);
  await page.locator('.extras form button').click();
  await expect(page.locator('.extras .bad')).not.toHaveText('');
  await show('a wrong address');
  await page.locator('.extras summary').click();
  await api.set('hours', { limited: false });
  const [conversation = ''] = await api.conversations();
  const colleague = await WireSession.agent(server, api);
  const read = { type: 'read', conversation, seq: TEXTS.length };
  colleague.say(read);
  await expect(customer.message('Donau')).toContainText(words.read);
  await show('read');

  await colleague.post('Of course. 请稍等，我帮您查一下。', conversation);
  await colleague.post('https://example.com/orders/42?from=chat#top', conversation);
  await expect(customer.message('orders/42')).toBeVisible();
  colleague.say({ type: 'typing', conversation, on: true });
  await expect(customer.typing).not.toHaveText('');
  await show('typing');

  const program = {
    name: 'a-program-with-a-rather-long-name.exe',
    mimeType: '',
    buffer: Buffer.from('MZ'),
  };
  await chooseFiles(customer, [PICTURE, TEXT_FILE, program]);
  await show('files chosen');
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], 'x.txt'));
    document.dispatchEvent(new DragEvent('dragover', { dataTransfer, cancelable: true }));
  });
  await expect(page.locator('.drop-here')).toBeVisible();
  await show('files dragged over it');
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], 'x.txt'));
    document.dispatchEvent(new DragEvent('dragleave', { dataTransfer }));
  });
  await page.route('**/api/v1/files', () => {});
  await customer.sendButton.click();
  await expect(page.getByRole('progressbar').first()).toBeVisible();
  await show('files on their way up');
  for (const left of [1, 0]) {
    await customer.log.getByRole('button', { name: words.cancel }).first().click();
    await expect(customer.log.locator('.state.uploading')).toHaveCount(left);
  }
  await page.unroute('**/api/v1/files');
  await chooseFiles(customer, [PICTURE]);
  await customer.sendButton.click();
  await customer.settled();
  await expect(customer.log.locator('.picture img')).toBeVisible();
  await show('files');
  await customer.log.locator('button.picture').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await show('a picture, large');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  // In a low window, to press the picture is to scroll up to it.
  await customer.log.evaluate(list => list.scrollTo(0, list.scrollHeight));

  await allowIdentity(api);
  const { id } = await identify(page);
  await customer.online();
  await expect(customer.log.locator('.picture img')).toBeVisible();
  await show('identified');

  await customer.write('x'.repeat(3_990));
  await show('near the limit');
  await customer.write('x'.repeat(4_010));
  await show('too long');
  await customer.write('');

  for (let n = 1; n <= 12; n += 1) await colleague.post(`answer ${n}`, conversation);
  await expect(customer.message('answer 12')).toBeInViewport();
  await customer.log.evaluate(list => list.scrollTo(0, 40));
  await expect(customer.pill).toBeVisible();
  await show('reading above');
  await colleague.post('answer 13', conversation);
  await colleague.post('answer 14', conversation);
  await expect(customer.pill).toHaveText(words.newMessages(2));
  await show('reading above, with news');
  await customer.pill.click();
  await expect(customer.pill).toHaveCount(0);

  server.freeze();
  await customer.send('Is anybody there?');
  await expect(customer.log.locator('.state.sending')).toBeVisible();
  await show('sending');
  server.thaw();
  await customer.settled();
  await show('sent');

  watch.announceOutage();
  await server.kill9();
  await expect(customer.status).toContainText(words.reconnecting);
  await customer.send('Something that will be refused, because it is longer than allowed');
  await customer.send('A short one');
  await show('reconnecting');
  await page.context().setOffline(true);
  await expect(customer.status).toContainText(words.offline);
  await show('offline');
  await server.restart({ KEFU_TEXT_CHARS: '40' });
  await page.context().setOffline(false);
  await expect(customer.status).toHaveText(words.again);
  await show('connected again');
  await expect(customer.log.locator('.failed')).toBeVisible();
  await show('failed');
  const again = await WireSession.agent(server, await Api.signIn(server));
  expect(await again.ask({ type: 'conversation.close', conversation })).toBe('conversation.done');
  await expect(page.getByText(words.chatEnded)).toBeVisible();
  await show('ended');
  await customer.button(words.newChat).click();
  await show('begun anew');
  await keptOut(customer, id, server, show);
}

/** The console, state by state. */
export async function consoleTour({ people, server, watch, browsing, look }: Tour) {
  const agent = await people.visitor(browsing);
  const { page, words } = agent;
  const show = (state: string) => look(page, `console ${state}`);
  const width = page.viewportSize()?.width ?? 0;
  const isNarrow = width <= 640;
  const isWide = width > 1000;
  await show('login');
  watch.announce(/401.*\/api\/v1\/login/);
  await agent.signIn('not the password');
  await expect(page.getByRole('alert')).not.toHaveText('');
  await show('login error');
  await agent.signIn(ADMIN.password);
  await expect(page.getByText(words.noOneWaiting)).toBeVisible();
  await agent.online();
  await show('empty');

  const first = await WireSession.customer(server, undefined, {
    language: 'de-AT',
    page: 'https://shop.example/a/very/long/path/to/some/product/that/somebody/wants/to/buy',
  });
  for (const text of TEXTS) await first.post(text);
  const second = await WireSession.customer(server, undefined, { language: 'zh-CN' });
  const conversation = await second.post('在吗？');
  await expect(agent.rows).toHaveCount(2);
  await show('two waiting');

  await agent.choose('Donau');
  if (isWide) await expect(agent.details).toContainText('shop.example');
  await agent.send('好的。Of course, one moment: https://example.com/x。');
  await agent.settled();
  await show('conversation');
  if (isWide) {
    await agent.tag('退款');
    await agent.tag('a customer who has come very often');
    await show('tags');
  } else {
    await agent.button(words.details).click();
    await expect(agent.details).toContainText('shop.example');
    await agent.tag('退款');
    await show('details');
    await page.keyboard.press('Escape');
  }
  await expect(agent.details).toHaveCount(isWide ? 1 : 0);
  await chooseFiles(agent, [PICTURE, TEXT_FILE]);
  await show('files chosen');
  await agent.sendButton.click();
  await agent.settled();
  await expect(agent.log.locator('.picture img')).toBeVisible();
  await show('files');
  const api = await Api.signIn(server);
  await api.post('/saved-replies', {
    shortcut: 'hi',
    title: 'Greeting',
    text: 'Hello {customer.name}',
    shared: true,
  });
  await api.post('/saved-replies', {
    shortcut: '退款',
    title: null,
    text: '退款需要三个工作日，请您耐心等待，谢谢。'.repeat(4),
    shared: false,
  });
  await agent.composer.pressSequentially('/');
  await expect(agent.replyMenu.getByRole('option')).toHaveCount(2);
  await show('saved replies');
  await agent.write('');
  await agent.button(words.note).click();
  await agent.note.fill('她已经打过两次电话。Call before 3 pm: https://example.com/x');
  await show('writing a note');
  await agent.note.press('Enter');
  await expect(agent.log.locator('.note')).toHaveCount(1);
  await show('a note');
  await agent.button(words.reply).click();
  const transfer = page.locator('summary', { hasText: words.transfer });
  await transfer.click();
  await show('to whom to transfer');
  await transfer.click();
  await agent.button(words.end).click();
  await show('asked whether to end');
  await agent.dialog.getByRole('button', { name: words.end }).click();
  await expect(agent.button(words.reopen)).toBeVisible();
  await show('ended');
  await agent.button(words.reopen).click();
  await expect(agent.composer).toBeVisible();
  await keepingOut(agent, show);
  if (isNarrow) {
    await agent.back.click();
    await show('back at the list');
  }
  await expect(agent.unread(agent.rows)).toHaveCount(1);
  await agent.search.fill('单');
  await expect(agent.hits).toHaveCount(1);
  await show('found');
  await agent.search.fill('nothing of this kind');
  await expect(agent.hits).toHaveCount(0);
  await expect(page.locator('.inbox .notice')).toBeVisible();
  await show('nothing found');
  await agent.search.fill('');
  await agent.filter('closed');
  await expect(agent.rows).toHaveCount(0);
  await show('no closed one');
  await agent.filter('mine');
  await expect(agent.rows).toHaveCount(1);
  await show('mine');
  await agent.filter('all');
  await agent.openMenu();
  await show('the menu');
  await agent.button(words.shortcuts).click();
  await expect(agent.dialog).toBeVisible();
  await show('shortcuts');
  await page.keyboard.press('Escape');
  await expect(agent.dialog).toBeHidden();
  await page.goto('/agent#alerts');
  await expect(page.getByRole('region', { name: words.alerts })).toBeVisible();
  await show('notifications');
  await allowIdentity(api);
  await page.goto('/agent#settings');
  const hours = page.getByRole('form', { name: words.hours });
  await hours.getByRole('checkbox').check();
  await show('settings');
  await page.goto('/agent#accounts');
  await expect(page.locator('.panel .entry').first()).toBeVisible();
  await show('accounts');
  await page.goBack();
  await page.goBack();
  await page.goBack();
  await expect(agent.inbox).toBeVisible();
  const online = page.locator('.agents-online > summary');
  await agent.button(words.away).click();
  await expect(agent.button(words.away)).toHaveAttribute('aria-pressed', 'true');
  await agent.openMenu();
  await online.click();
  await show('who is online, and oneself away');
  await page.keyboard.press('Escape');
  await agent.button(words.available).click();
  await agent.choose('在吗');
  second.say({ type: 'typing', conversation, on: true });
  await expect(agent.typing).not.toHaveText('');
  await show('typing');
  await agent.write('x'.repeat(4_010));
  await show('too long');
  await agent.write('');

  watch.announce(/404.*\/api\/v1\/conversations\/999999/);
  await page.goto('/agent#999999');
  await expect(page.getByRole('alert').filter({ hasText: /\p{L}/u })).toBeVisible();
  await show('no such conversation');
  await page.goto('/agent#account');
  const factor = page.locator('section.block').filter({ has: page.locator('[type=password]') });
  const password = factor.last().locator('[type=password]').last();
  await password.fill(ADMIN.password);
  await password.press('Enter');
  const key = page.locator('section.block code').first();
  await expect(key).toHaveText(/[A-Z2-7]{4}/);
  await show('a second factor, being set up');
  const secret = ((await key.textContent()) ?? '').replaceAll(' ', '');
  await page.locator('[autocomplete=one-time-code]').fill(code(secret, -1));
  await page.keyboard.press('Enter');
  await expect(page.locator('.recovery li')).toHaveCount(10);
  await show('recovery codes');
  await page.goto('/agent#replies');
  await expect(page.getByRole('listitem', { name: '/hi' })).toBeVisible();
  await show('all saved replies');
  const named = await identified(server);
  await page.goto(`/agent#${await named.post('Where is my parcel?')}`);
  await expect(page.getByRole('heading', { name: ANA.name })).toBeVisible();
  if (!isWide) await agent.button(words.details).click();
  for (const fact of [ANA.email, ANA.sub, ANA.attributes.plan]) {
    await expect(agent.details).toContainText(fact);
  }
  await show('an identified customer');
  if (!isWide) await page.keyboard.press('Escape');
  await page.goto(`/agent#${conversation}`);
  await expect(agent.composer).toBeVisible();

  watch.announceOutage();
  await server.kill9();
  await expect(agent.status).toContainText(words.reconnecting);
  await agent.send('Later then');
  await show('reconnecting');
  await server.restart();
  await agent.comeBack();
  await agent.settled();

  // The session ends elsewhere, as it does when an account is disabled. With every connection the console asks
  // anew for the tags and the customer on show, and what is answered after the end is a refusal.
  watch.announce(/401.*\/api\/v1\/(tags|conversations\/\d+\/customer)/);
  await page.context().request.post('/api/v1/logout', {
    headers: { origin: server.url },
    data: {},
  });
  await expect(agent.signInButton).toBeVisible();
  await show('signed out');
  watch.announce(/401.*\/api\/v1\/login/);
  await agent.signIn(ADMIN.password);
  await expect(page.locator('[autocomplete=one-time-code]')).toBeFocused();
  await show('asked for the second factor');
}
