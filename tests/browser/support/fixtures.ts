// What every test starts from: a server of its own, and people who open its pages in browsers of
// their own. At the end no page may have complained.

import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
} from '@playwright/test';
import { ConsolePage, CustomerPage } from './pages.ts';
import { ADMIN, Server, type Settings } from './server.ts';
import { Watch } from './watch.ts';
import { type Language, WORDS } from './words.ts';

export { expect };

export type Browsing = BrowserContextOptions & { language?: Language };

/** Opens pages; each person has a browser profile of their own. */
export class People {
  readonly #contexts: BrowserContext[] = [];

  constructor(
    private readonly browser: Browser,
    private readonly server: Server,
    private readonly watch: Watch,
  ) {}

  /** A new customer, with the page open and connected. */
  async customer(browsing: Browsing = {}): Promise<CustomerPage> {
    const page = await this.#page(browsing);
    const customer = new CustomerPage(page, browsing.language ?? 'en');
    await customer.open();
    return customer;
  }

  /** Another agent, who has an account of their own and has signed in. */
  async colleague(name: string, browsing: Browsing = {}): Promise<ConsolePage> {
    const username = name.toLowerCase().replaceAll(' ', '.');
    await this.server.addAgent(username, name);
    const console = new ConsolePage(await this.#page(browsing), browsing.language ?? 'en');
    await console.visit();
    await console.signIn(ADMIN.password, username);
    await expect(console.inbox).toBeVisible();
    await console.online();
    return console;
  }

  /** An agent who has signed in. */
  async agent(browsing: Browsing = {}): Promise<ConsolePage> {
    const console = new ConsolePage(await this.#page(browsing), browsing.language ?? 'en');
    await console.open();
    return console;
  }

  /** Somebody who has opened the console and has not signed in. */
  async visitor(browsing: Browsing = {}): Promise<ConsolePage> {
    const console = new ConsolePage(await this.#page(browsing), browsing.language ?? 'en');
    await console.visit();
    return console;
  }

  /** A blank page of somebody new. */
  async page(browsing: Browsing = {}) {
    return this.#page(browsing);
  }

  /** Another tab of the same person. */
  async tab(customer: CustomerPage): Promise<CustomerPage> {
    return new CustomerPage(
      await customer.page.context().newPage(),
      customer.words === WORDS.zh ? 'zh' : 'en',
    );
  }

  async leave(): Promise<void> {
    await Promise.all(this.#contexts.map(context => context.close()));
  }

  async #page({ language = 'en', ...options }: Browsing) {
    const context = await this.browser.newContext({
      baseURL: this.server.url,
      locale: WORDS[language].tag,
      ...options,
    });
    this.#contexts.push(context);
    await this.watch.context(context);
    return context.newPage();
  }
}

interface Fixtures {
  /** Settings of the server: `test.use({ settings: { KEFU_ROOM: 'shared' } })`. */
  settings: Settings;
  server: Server;
  watch: Watch;
  people: People;
}

export const test = base.extend<Fixtures>({
  settings: [{}, { option: true }],

  server: async ({ settings }, use, info) => {
    const server = await Server.start(settings);
    await use(server);
    await server.remove();
    if (info.status !== info.expectedStatus) {
      await info.attach('server.log', { body: server.log, contentType: 'text/plain' });
    }
  },

  watch: async ({ browserName: _ }, use) => {
    const watch = new Watch();
    await use(watch);
    expect(watch.complaints, 'what the pages complained of').toEqual([]);
  },

  people: async ({ browser, server, watch }, use) => {
    const people = new People(browser, server, watch);
    await use(people);
    await people.leave();
  },
});
