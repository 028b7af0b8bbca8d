// The place where a message is written: input methods, limits, and messages that are refused.

import type { CDPSession } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';
import type { CustomerPage } from '../support/pages.ts';

/** The page's input method, by the browser's own protocol. */
class InputMethod {
  private constructor(
    private readonly customer: CustomerPage,
    private readonly session: CDPSession,
  ) {}

  static async of(customer: CustomerPage): Promise<InputMethod> {
    const { page } = customer;
    await customer.composer.evaluate(field => {
      field.addEventListener('compositionend', () => {
        field.dataset.composedAt = String(performance.now());
      });
    });
    return new InputMethod(customer, await page.context().newCDPSession(page));
  }

  /** What is being composed, underlined in the field. */
  async compose(text: string): Promise<void> {
    const at = { selectionStart: text.length, selectionEnd: text.length };
    await this.session.send('Input.imeSetComposition', { text, ...at });
  }

  /** A key that the input method takes for itself: the page hears of it as 229. */
  async takes(key: string): Promise<void> {
    const event = { key, code: key, windowsVirtualKeyCode: 229 };
    await this.session.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...event });
    await this.session.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  /** Ends the composition with this text. */
  async commit(text: string): Promise<void> {
    await this.session.send('Input.insertText', { text });
    // No person's next key comes sooner than this.
    await expect
      .poll(() =>
        this.customer.composer.evaluate(
          field => performance.now() - Number(field.dataset.composedAt),
        ),
      )
      .toBeGreaterThan(60);
  }
}

test('Enter confirms Chinese input and sends only afterwards', async ({ people }) => {
  const customer = await people.customer();
  await customer.composer.focus();
  const pinyin = await InputMethod.of(customer);
  await pinyin.compose('ni');
  await pinyin.compose('ni hao');
  await pinyin.takes('Enter');
  await expect(customer.composer).toHaveValue('ni hao');
  await expect(customer.texts).toHaveCount(0);
  await pinyin.commit('你好');
  await expect(customer.composer).toHaveValue('你好');
  await expect(customer.texts).toHaveCount(0);

  await customer.composer.press('Enter');
  await customer.shows(['你好']);
  await expect(customer.composer).toHaveValue('');
});

test('an Enter while composing does not send, however a browser reports it', async ({ people }) => {
  const customer = await people.customer();
  await customer.write('你好');
  const prevented = await customer.composer.evaluate(field => {
    const enter = (more: KeyboardEventInit) =>
      !field.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', cancelable: true, bubbles: true, ...more }),
      );
    const composition = (type: string) =>
      field.dispatchEvent(new CompositionEvent(type, { bubbles: true }));
    const flagged = enter({ isComposing: true });
    const numbered = enter({ keyCode: 229 });
    composition('compositionstart');
    const between = enter({ keyCode: 13 });
    composition('compositionend');
    // Safari ends the composition before the Enter that confirmed it.
    const rightAfter = enter({ keyCode: 13 });
    return { flagged, numbered, between, rightAfter };
  });
  expect(prevented).toEqual({
    flagged: false,
    numbered: false,
    between: false,
    rightAfter: false,
  });
  await expect(customer.composer).toHaveValue('你好');
  await expect(customer.texts).toHaveCount(0);
});

test('Shift+Enter is a new line, and white space alone is not sent', async ({ people }) => {
  const customer = await people.customer();
  await customer.composer.pressSequentially('one');
  await customer.composer.press('Shift+Enter');
  await customer.composer.pressSequentially('two');
  await customer.composer.press('Enter');
  await expect(customer.texts).toHaveCount(1);
  await expect.poll(() => customer.texts.innerText()).toBe('one\ntwo');

  await customer.write('  \n ');
  await expect(customer.sendButton).toBeDisabled();
  await customer.composer.press('Enter');
  await customer.send('after');
  await customer.settled();
  await expect(customer.texts).toHaveText([/one/, 'after']);
});

test('the button sends too, and the field keeps the focus', async ({ people }) => {
  const customer = await people.customer();
  await customer.write('by button');
  await customer.sendButton.click();
  await customer.shows(['by button']);
  await expect(customer.composer).toBeFocused();
});

test('a draft is still there after a reload', async ({ people }) => {
  const customer = await people.customer();
  await customer.write('half a question');
  await customer.reload();
  await expect(customer.composer).toHaveValue('half a question');
});

test.describe('with a limit of 100 characters', () => {
  test.use({ settings: { KEFU_TEXT_CHARS: '100' } });

  test('a text that is too long shows the limit and is not lost', async ({ people }) => {
    const customer = await people.customer();
    const tooLong = '太长了。'.repeat(26);
    await customer.write('好'.repeat(95));
    await expect(customer.page.getByText('5 characters left')).toBeVisible();
    await customer.write(tooLong);
    await expect(customer.page.getByText('4 characters too many')).toBeVisible();
    await expect(customer.page.getByText('104 / 100')).toBeVisible();
    await expect(customer.composer).toHaveAccessibleDescription(/4 characters too many/);
    await expect(customer.sendButton).toBeDisabled();
    await customer.composer.press('Enter');
    await expect(customer.composer).toHaveValue(tooLong);
    await customer.reload();
    await expect(customer.composer).toHaveValue(tooLong);

    // Characters are counted as people count them: an emoji is one.
    await customer.write('😀'.repeat(100));
    await expect(customer.page.getByText('0 characters left')).toBeVisible();
    await customer.composer.press('Enter');
    await customer.settled();
    await customer.shows(['😀'.repeat(100)]);
  });

  test('a refused message offers to try again and to delete', async ({ people, server, watch }) => {
    const customer = await people.customer();
    await customer.send('fine');
    await customer.settled();
    watch.announceOutage();
    await server.kill9();
    const first = `first ${'x'.repeat(70)}`;
    const second = `second ${'y'.repeat(70)}`;
    await customer.send(first);
    await customer.send('short');
    await customer.send(second);
    // Refused by a server that allows less than the one that the page knew.
    await server.restart({ KEFU_TEXT_CHARS: '50' });
    await customer.comeBack();
    for (const text of ['first', 'second']) {
      await expect(customer.message(text)).toContainText('Not sent. The message is too long.');
    }
    await customer.shows(['fine', 'short', first, second]);
    await customer.reload();
    await expect(customer.log.locator('.failed')).toHaveCount(2);

    await customer.message('first').getByRole('button', { name: 'Delete' }).click();
    await expect(customer.message('first')).toHaveCount(0);
    await customer.message('second').getByRole('button', { name: 'Try again' }).click();
    await expect(customer.message('second')).toContainText('Not sent.');

    await server.kill9();
    await server.restart({ KEFU_TEXT_CHARS: '100' });
    await customer.comeBack();
    await customer.message('second').getByRole('button', { name: 'Try again' }).click();
    await customer.settled();
    await customer.shows(['fine', 'short', second]);
  });
});

test('a message without an answer fails in the end, and an answer that comes late still counts', async ({
  people,
  server,
}) => {
  const customer = await people.customer();
  await customer.send('answered');
  await customer.settled();
  server.freeze();
  await customer.send('not answered');
  await expect(customer.message('not answered')).toContainText('Sending…');
  await expect(customer.message('not answered')).toContainText(
    'Not sent. The server did not answer.',
    { timeout: 15_000 },
  );
  await customer.message('not answered').getByRole('button', { name: 'Try again' }).click();
  await expect(customer.message('not answered')).toContainText('Sending…');
  server.thaw();
  await customer.settled();
  await customer.shows(['answered', 'not answered']);
});
