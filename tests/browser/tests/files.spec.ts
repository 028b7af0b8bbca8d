// Files: by button, paste and drop; their way up; what the other side sees; what goes wrong.

import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { chooseFiles, PICTURE, TEXT_FILE } from '../support/files.ts';
import { expect, test } from '../support/fixtures.ts';
import type { ConsolePage, CustomerPage } from '../support/pages.ts';

const UPLOADS = '**/api/v1/files';

const picture = (page: CustomerPage | ConsolePage) => page.log.locator('.picture img');

/** Pastes or drops a file as a browser would hand it over. */
async function hand(page: Page, how: 'paste' | 'drop', name: string, bytes: string, type: string) {
  await page.evaluate(
    ([how, name, bytes, type]) => {
      const data = new DataTransfer();
      const raw = Uint8Array.from(atob(bytes), c => c.charCodeAt(0));
      data.items.add(new File([raw], name, { type }));
      const field = document.querySelector('textarea') as HTMLElement;
      if (how === 'paste') {
        field.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
        );
        return;
      }
      const at = document.querySelector('[role=log]') as HTMLElement;
      const drag = (kind: string) =>
        at.dispatchEvent(
          new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }),
        );
      drag('dragenter');
      drag('dragover');
    },
    [how, name, bytes, type] as const,
  );
}

async function drop(page: Page) {
  await page.evaluate(
    ([bytes]) => {
      const data = new DataTransfer();
      const raw = Uint8Array.from(atob(bytes), c => c.charCodeAt(0));
      data.items.add(new File([raw], 'dropped.png', { type: 'image/png' }));
      const at = document.querySelector('[role=log]') as HTMLElement;
      at.dispatchEvent(
        new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }),
      );
    },
    [PICTURE.buffer.toString('base64')] as const,
  );
}

test('a first message may be a picture, which the agent sees and the customer opens', async ({
  people,
}) => {
  const customer = await people.customer();
  await chooseFiles(customer, [PICTURE, TEXT_FILE]);
  await expect(customer.page.locator('.tray li')).toHaveCount(2);
  await customer.write('Look at these');
  await customer.sendButton.click();
  await customer.settled();
  await expect(customer.page.locator('.tray li')).toHaveCount(0);
  await expect(customer.texts).toHaveCount(3);
  await expect(customer.texts.first()).toHaveText('Look at these');
  await expect(picture(customer)).toBeVisible();

  const agent = await people.agent();
  await agent.choose('notes.txt');
  await expect(picture(agent)).toBeVisible();
  const loaded = () => picture(agent).evaluate(img => (img as HTMLImageElement).naturalWidth);
  await expect.poll(loaded).toBe(320);
  // The server's answer says what a browser is to do with it.
  const link = agent.log.locator('a.download');
  const [download, answer] = await Promise.all([
    agent.page.waitForEvent('download'),
    agent.page.request.get((await link.getAttribute('href')) ?? ''),
    link.click(),
  ]);
  expect(answer.headers()['content-disposition']).toBe(
    'attachment; filename="notes.txt"; filename*=UTF-8\'\'notes.txt',
  );
  expect(download.suggestedFilename()).toBe('notes.txt');
  expect(await readFile(await download.path(), 'utf8')).toBe(TEXT_FILE.buffer.toString());

  // After a reload nothing is left but what the server has.
  await customer.reload();
  await expect(picture(customer)).toBeVisible();
  await customer.log.locator('button.picture').click();
  const large = customer.page.getByRole('dialog');
  await expect(large.getByRole('img')).toBeVisible();
  await customer.page.keyboard.press('Escape');
  await expect(large).toHaveCount(0);
  const [saved] = await Promise.all([
    customer.page.waitForEvent('download'),
    customer.button('Download notes.txt').click(),
  ]);
  expect(saved.suggestedFilename()).toBe('notes.txt');
  expect(await readFile(await saved.path(), 'utf8')).toBe(TEXT_FILE.buffer.toString());
});

test('files come by paste and by drop, and are sent only by Send', async ({ people }) => {
  const customer = await people.customer();
  const { page } = customer;
  const bytes = PICTURE.buffer.toString('base64');
  await hand(page, 'paste', 'image.png', bytes, 'image/png');
  await expect(page.locator('.tray li')).toHaveCount(1);
  await hand(page, 'drop', 'dropped.png', bytes, 'image/png');
  await expect(page.locator('.drop-here')).toBeVisible();
  await drop(page);
  await expect(page.locator('.drop-here')).toHaveCount(0);
  await expect(page.locator('.tray li')).toHaveCount(2);
  await expect(customer.texts).toHaveCount(0);
  await customer.button('Remove image.png').click();
  await expect(page.locator('.tray li')).toHaveCount(1);
  await expect(customer.composer).toBeFocused();
  await page.keyboard.press('Enter');
  await customer.settled();
  await expect(picture(customer)).toHaveCount(1);
});

test('what cannot be sent says why before it is sent', async ({ people }) => {
  const customer = await people.customer();
  await chooseFiles(customer, [
    { name: 'run.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ') },
    { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.from('') },
    { name: 'large.txt', mimeType: 'text/plain', buffer: Buffer.alloc(10_485_761, 'x') },
  ]);
  await expect(customer.page.locator('.tray .file-problem')).toHaveText([
    'Files of this kind are not accepted.',
    'This file is empty.',
    'This file is too large. At most 10 MB.',
  ]);
  await expect(customer.sendButton).toBeDisabled();
});

test('what only its content gives away is refused by the server', async ({ people, watch }) => {
  watch.announce(/415.*\/api\/v1\/files/);
  const customer = await people.customer();
  const lie = {
    name: 'cat.png',
    mimeType: 'image/png',
    buffer: Buffer.from('<svg onload=alert(1)>'),
  };
  await chooseFiles(customer, [lie]);
  await customer.sendButton.click();
  await expect(customer.log.locator('.failed')).toContainText(
    'Files of this kind are not accepted.',
  );
  await customer.button(customer.words.remove).click();
  await expect(customer.texts).toHaveCount(0);
});

test('the way up is shown, can be cancelled, and holds up no words', async ({ people }) => {
  const customer = await people.customer();
  const { page } = customer;
  const held: (() => Promise<void>)[] = [];
  await page.route(UPLOADS, route => void held.push(() => route.continue()));
  await chooseFiles(customer, [PICTURE]);
  await customer.sendButton.click();
  await expect(page.getByRole('progressbar')).toBeVisible();
  await customer.send('Did it arrive?');
  // What is stored stands above what is not.
  await expect(customer.texts.first()).toHaveText('Did it arrive?');
  await customer.button(customer.words.cancel).click();
  await customer.shows(['Did it arrive?']);
  await page.unroute(UPLOADS);
  await chooseFiles(customer, [PICTURE]);
  await customer.sendButton.click();
  await customer.settled();
  await expect(picture(customer)).toHaveCount(1);
});

test('an upload that breaks offers Try again, and arrives once', async ({
  people,
  watch,
  server,
}) => {
  watch.announce(/Failed to load resource|ERR_FAILED/);
  const customer = await people.customer();
  const { page } = customer;
  await page.route(UPLOADS, route => route.abort());
  await chooseFiles(customer, [PICTURE]);
  await customer.sendButton.click();
  await expect(customer.log.locator('.failed')).toBeVisible({ timeout: 15_000 });
  await page.unroute(UPLOADS);
  await customer.button(customer.words.tryAgain).click();
  await customer.settled();
  await expect(picture(customer)).toHaveCount(1);
  const agent = await people.agent();
  await agent.choose('cat.png');
  await expect(agent.texts).toHaveCount(1);
  expect(server.log).not.toContain('ERROR');
});

test('an upload survives a restart of the server', async ({ people, server, watch }) => {
  const customer = await people.customer();
  await customer.send('Hello');
  await customer.settled();
  await chooseFiles(customer, [PICTURE]);
  watch.announceOutage();
  await server.kill9();
  await expect(customer.status).toContainText(customer.words.reconnecting);
  await customer.sendButton.click();
  await expect(customer.page.getByRole('progressbar')).toBeVisible();
  await server.restart();
  await customer.comeBack();
  await customer.settled();
  await expect(picture(customer)).toHaveCount(1);
});

test("a note's file is for agents", async ({ people }) => {
  const customer = await people.customer();
  await customer.send('Hello');
  const agent = await people.agent();
  await agent.choose('Hello');
  await agent.button(agent.words.note).click();
  await chooseFiles(agent, [TEXT_FILE]);
  await agent.sendButton.click();
  await expect(agent.log.locator('.note .file-name')).toHaveText('notes.txt');
  await agent.button(agent.words.reply).click();
  await chooseFiles(agent, [PICTURE]);
  await agent.sendButton.click();
  await expect(picture(customer)).toBeVisible();
  await expect(customer.texts).toHaveCount(2);
  await expect(customer.log).not.toContainText('notes.txt');
});

test('an admin says what may be sent, and it holds on every open page at once', async ({
  people,
  watch,
}) => {
  watch.announce(/400.*\/api\/v1\/settings/);
  const agent = await people.agent();
  await agent.page.goto('/agent#settings');
  const form = agent.page.getByRole('form', { name: 'Files', exact: true });
  await form.getByLabel('Largest file, in megabytes').fill('lots');
  await form.getByRole('button').click();
  await expect(form).toContainText('A file has from 0 to 100 megabytes.');
  const customer = await people.customer();
  await form.getByLabel('Largest file, in megabytes').fill('2');
  await form.getByLabel('Pictures').uncheck();
  await form.getByRole('button').click();
  await expect(form).toContainText('Saved.');

  await chooseFiles(customer, [PICTURE, { ...TEXT_FILE, buffer: Buffer.alloc(2_097_153, 'x') }]);
  await expect(customer.page.locator('.tray .file-problem')).toHaveText([
    'Files of this kind are not accepted.',
    'This file is too large. At most 2 MB.',
  ]);
  await form.getByLabel('Customers and agents can send files').uncheck();
  await form.getByRole('button').click();
  await expect(form).toContainText('Saved.');
  await expect(customer.page.locator('.attach')).toHaveCount(0);
});
