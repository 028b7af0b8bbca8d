// The two pages, as somebody in front of them names things.

import { expect, type Locator, type Page } from '@playwright/test';
import { ADMIN } from './server.ts';
import { type Language, WORDS, type Words } from './words.ts';

/** What both pages have: a list of messages and a place to write. */
abstract class ChatPage {
  readonly words: Words;

  constructor(
    readonly page: Page,
    language: Language,
  ) {
    this.words = WORDS[language];
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: this.words.message, exact: true });
  }

  get sendButton(): Locator {
    return this.page.getByRole('button', { name: this.words.send, exact: true });
  }

  get log(): Locator {
    return this.page.getByRole('log');
  }

  /** The texts of the messages, from the oldest that is in the page. */
  get texts(): Locator {
    return this.log.locator('.message .bubble');
  }

  /** What happened, each in one line. */
  get events(): Locator {
    return this.log.locator('.event span');
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  message(text: string | RegExp): Locator {
    return this.log.locator('.message').filter({ hasText: text });
  }

  /** How the connection is, in words. */
  get status(): Locator {
    return this.page.locator('.status-line').getByRole('status');
  }

  get tryNow(): Locator {
    return this.page.getByRole('button', { name: this.words.tryNow });
  }

  get typing(): Locator {
    return this.page.locator('.typing');
  }

  get pill(): Locator {
    return this.page.locator('.pill');
  }

  async write(text: string): Promise<void> {
    await this.composer.fill(text);
  }

  async send(text: string): Promise<void> {
    await this.write(text);
    await this.composer.press('Enter');
    await expect(this.composer).toHaveValue('');
  }

  /** Everything that was sent is acknowledged. */
  async settled(): Promise<void> {
    await expect(
      this.log.locator('.state.uploading, .state.sending, .state.waiting, .failed'),
    ).toHaveCount(0);
    await expect(this.log.locator('.state.sent, .state.read').last()).toBeVisible();
  }

  async online(): Promise<void> {
    await expect(this.page.locator('.status-line')).toHaveClass(/status-(online|again)/);
  }

  /** The network is back, says the browser, so nobody has to wait for the next try to connect. */
  async comeBack(): Promise<void> {
    await expect(async () => {
      await this.page.evaluate(() => window.dispatchEvent(new Event('online')));
      await expect(this.page.locator('.status-line')).toHaveClass(/status-(online|again)/, {
        timeout: 1_000,
      });
    }).toPass({ timeout: 15_000 });
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  /** The page holds exactly these, in this order. */
  async shows(texts: readonly string[]): Promise<void> {
    await expect(this.texts).toHaveText([...texts]);
  }

  get languageSwitch(): Locator {
    return this.page.getByRole('button', { name: this.words.otherLanguage });
  }

  async switchLanguage(): Promise<void> {
    await this.languageSwitch.click();
  }
}

export class CustomerPage extends ChatPage {
  get place(): Locator {
    return this.page.locator('.place');
  }

  /** The menu in the head of the page. */
  get more(): Locator {
    return this.page.locator('header summary');
  }

  async open(): Promise<void> {
    await this.page.goto('/');
    await this.online();
  }
}

export class ConsolePage extends ChatPage {
  /** Opens the console, which asks an unknown visitor to sign in. */
  async visit(): Promise<void> {
    await this.page.goto('/agent');
    await expect(this.signInButton).toBeVisible();
  }

  async open(): Promise<void> {
    await this.visit();
    await this.signIn(ADMIN.password);
    await expect(this.inbox).toBeVisible();
    await this.online();
  }

  get username(): Locator {
    return this.page.getByRole('textbox', { name: this.words.username });
  }

  get password(): Locator {
    return this.page.getByLabel(this.words.password, { exact: true });
  }

  get signInButton(): Locator {
    return this.page.getByRole('button', { name: this.words.signIn, exact: true });
  }

  async signIn(password: string, username: string = ADMIN.username): Promise<void> {
    await this.username.fill(username);
    await this.password.fill(password);
    await this.signInButton.click();
  }

  async signOut(): Promise<void> {
    await this.openMenu();
    await this.page.getByRole('button', { name: this.words.signOut }).click();
  }

  /** The button at the foot of the list. */
  get menu(): Locator {
    return this.page.locator('.staff .menu > summary');
  }

  /** What the menu holds is reached only while it is open. */
  async openMenu(): Promise<void> {
    if (!(await this.page.locator('.staff .menu[open]').isVisible())) await this.menu.click();
  }

  /** Opens one of the panels by its name in the menu. */
  async panel(name: string): Promise<void> {
    await this.openMenu();
    await this.page.locator('.staff').getByRole('link', { name, exact: true }).click();
  }

  override async switchLanguage(): Promise<void> {
    // Where one signs in, it stands there by itself.
    if (await this.menu.isVisible()) await this.openMenu();
    await super.switchLanguage();
  }

  get inbox(): Locator {
    return this.page.getByRole('navigation', { name: this.words.conversations });
  }

  /** The rows of the list of conversations, the latest first. */
  get rows(): Locator {
    return this.inbox.getByRole('listitem').getByRole('link');
  }

  row(text: string): Locator {
    return this.rows.filter({ hasText: text });
  }

  unread(row: Locator): Locator {
    return row.locator('.badge');
  }

  /** Opens the conversation whose row holds this text. */
  async choose(text: string): Promise<void> {
    await this.row(text).click();
    await expect(this.composer).toBeVisible();
  }

  /** Whether the customer of the open conversation is there, in words. */
  get presence(): Locator {
    return this.page.locator('.presence');
  }

  /** Shows other conversations in the list. */
  async filter(name: keyof Words['filters']): Promise<void> {
    await this.page
      .getByRole('group')
      .getByRole('button', { name: new RegExp(`^${this.words.filters[name]}`) })
      .click();
  }

  get search(): Locator {
    return this.page.getByRole('searchbox', { name: this.words.search, exact: true });
  }

  /** What was found, in the list's place. */
  get hits(): Locator {
    return this.page
      .getByRole('list', { name: this.words.searchResults })
      .getByRole('listitem')
      .getByRole('link');
  }

  /** The saved replies that a `/` has opened. */
  get replyMenu(): Locator {
    return this.page.getByRole('listbox', { name: this.words.savedReplies });
  }

  /** Puts a tag on the open conversation. */
  async tag(name: string): Promise<void> {
    await this.details.getByLabel(this.words.addTag).fill(name);
    await this.details.getByRole('button', { name: this.words.add, exact: true }).click();
    await expect(this.details.locator('.tags')).toContainText(name);
  }

  /** Who the customer is: beside the conversation, or in a drawer. */
  get details(): Locator {
    return this.page.locator('.details');
  }

  get note(): Locator {
    return this.page.getByRole('textbox', { name: this.words.note, exact: true });
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  get back(): Locator {
    return this.page.getByRole('button', { name: this.words.back, exact: true });
  }
}
