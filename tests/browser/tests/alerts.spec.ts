// How the console calls an agent: sound, a notification of the desktop, the count on title and icon.

import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';
import type { ConsolePage } from '../support/pages.ts';

interface Told {
  notes: number;
  notices: { title: string; body: string; tag: string }[];
  choose: () => void;
  /** The sound device goes away. */
  lose: () => Promise<void>;
}

type Ears = typeof globalThis & { told: Told };

/** Writes down what the page plays and shows, and lets it. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const told: Told = {
      notes: 0,
      notices: [],
      choose: () => {},
      lose: async () => {},
    };
    (globalThis as Ears).told = told;
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function oscillator() {
      told.notes += 1;
      return make.call(this);
    };
    const Real = Notification;
    class Recorded extends Real {
      constructor(title: string, options: NotificationOptions = {}) {
        super(title, options);
        told.notices.push({ title, body: options.body ?? '', tag: options.tag ?? '' });
        told.choose = () => this.onclick?.(new Event('click'));
      }
    }
    globalThis.Notification = Recorded;
  });
}

const told = (agent: ConsolePage) => agent.page.evaluate(() => (globalThis as Ears).told);
const notes = async (agent: ConsolePage) => (await told(agent)).notes;

/** The agent turns to another window, or back. */
async function look(agent: ConsolePage, here: boolean): Promise<void> {
  await agent.page.evaluate(here => {
    document.hasFocus = () => here;
    window.dispatchEvent(new Event(here ? 'focus' : 'blur'));
  }, here);
}

const icon = (agent: ConsolePage) =>
  agent.page.locator('link[rel="icon"]').evaluate(link => (link as HTMLLinkElement).href);

test('an agent who looks elsewhere hears and sees that a customer waits', async ({ people }) => {
  const agent = await people.visitor({ permissions: ['notifications'] });
  await listen(agent.page);
  await agent.open();
  const customer = await people.customer();
  await agent.page.goto('/agent#alerts');
  await agent.page.getByLabel('Desktop notifications').check();
  await expect(agent.page.getByText('Notifications work.')).toBeVisible();
  await expect(agent.page.getByText('Sound works.')).toBeVisible();
  const plain = await icon(agent);

  await look(agent, false);
  const before = await notes(agent);
  await customer.send('Where is my parcel?');
  await expect(agent.page).toHaveTitle('(1) Kefu');
  await expect
    .poll(async () => (await told(agent)).notices)
    .toEqual([
      {
        title: expect.stringContaining('Customer'),
        body: 'Waiting for an agent\nWhere is my parcel?',
        tag: expect.stringMatching(/^kefu\.\d+$/),
      },
    ]);
  expect(await notes(agent)).toBe(before + 2);
  await expect.poll(() => icon(agent)).toMatch(/^data:image\/png/);

  // A click on the notification opens the conversation.
  await agent.page.evaluate(() => (globalThis as Ears).told.choose());
  await look(agent, true);
  await expect(agent.composer).toBeVisible();
  await agent.button(agent.words.take).click();
  await expect(agent.page).toHaveTitle('Kefu');
  await expect.poll(() => icon(agent)).toBe(plain);

  // What the agent is looking at makes no noise.
  const after = await notes(agent);
  await customer.send('It was due on Monday.');
  await agent.shows(['Where is my parcel?', 'It was due on Monday.']);
  expect(await notes(agent)).toBe(after);
  await look(agent, false);
  await customer.send('Hello?');
  await expect.poll(() => notes(agent)).toBe(after + 2);
  expect((await told(agent)).notices.at(-1)?.body).toBe('Hello?');
});

test('a colleague’s conversation calls nobody else, and a conversation handed over does', async ({
  people,
}) => {
  const li = await people.colleague('Li Wei');
  const ana = await people.colleague('Ana');
  await listen(ana.page);
  await ana.page.reload();
  await ana.online();
  // The browser lets a page sound only once somebody has clicked in it.
  await ana.page.mouse.click(5, 5);
  const customer = await people.customer();
  await customer.send('Hello');
  await li.choose('Hello');
  await li.button(li.words.take).click();
  await expect(ana.row('Hello')).toContainText('Li Wei');
  const before = await notes(ana);
  await customer.send('Are you there?');
  await expect(ana.row('Are you there?')).toHaveCount(1);
  await expect(ana.page).toHaveTitle('Kefu');
  expect(await notes(ana)).toBe(before);

  await li.page.locator('summary', { hasText: li.words.transfer }).click();
  await li.button('To Ana').click();
  await expect.poll(() => notes(ana)).toBe(before + 2);
});

test('while somebody waits the sound comes again, until they are taken', async ({ people }) => {
  const agent = await people.visitor();
  await listen(agent.page);
  // Half a minute is half a second here.
  await agent.page.addInitScript(() => {
    const real = globalThis.setInterval;
    globalThis.setInterval = ((task: () => void, ms?: number) =>
      real(task, ms === 30_000 ? 500 : ms)) as typeof globalThis.setInterval;
  });
  await agent.open();
  const customer = await people.customer();
  await customer.send('Hello');
  await expect(agent.rows).toHaveCount(1);
  await expect.poll(() => notes(agent)).toBeGreaterThanOrEqual(6);
  await agent.choose('Hello');
  await agent.button(agent.words.take).click();
  await expect(agent.button(agent.words.end)).toBeVisible();
  const after = await notes(agent);
  await agent.page.waitForTimeout(1_500);
  expect(await notes(agent)).toBe(after);
});

test('a sound device that is lost is found again, without a click', async ({ people }) => {
  const agent = await people.visitor();
  await listen(agent.page);
  await agent.page.addInitScript(() => {
    const Real = AudioContext;
    globalThis.AudioContext = class extends Real {
      constructor() {
        super();
        (globalThis as Ears).told.lose = async () => {
          await this.suspend();
          this.dispatchEvent(new Event('error'));
        };
      }
    };
  });
  await agent.open();
  await agent.page.goto('/agent#alerts');
  await expect(agent.page.getByText('Sound works.')).toBeVisible();
  await agent.page.evaluate(() => (globalThis as Ears).told.lose());
  await expect(agent.page.getByText('Sound works.')).toBeHidden();
  await expect(agent.page.getByText('Sound works.')).toBeVisible();
  const before = await notes(agent);
  const customer = await people.customer();
  await customer.send('Hello');
  await expect.poll(() => notes(agent)).toBe(before + 2);
});

test('what the browser blocks is said, in the panel and at the foot', async ({ people }) => {
  const agent = await people.agent();
  await agent.page.goto('/agent#alerts');
  await agent.page.reload();
  const desktop = agent.page.getByLabel('Desktop notifications');
  await expect(agent.page.locator('.trouble')).toHaveCount(1);
  await agent.page.mouse.click(600, 500);
  await expect(agent.page.locator('.trouble')).toHaveCount(0);
  // A headless browser answers the question with no.
  await desktop.check();
  await expect(agent.page.getByText('Blocked by the browser.')).toBeVisible();
  await expect(agent.page.locator('.trouble')).toHaveCount(1);
  await agent.page.getByLabel('Sound').uncheck();
  await agent.button('Test').click();
  await expect(agent.page.getByRole('alert').filter({ hasText: 'Nothing could be' })).toBeVisible();
  // Kept by the browser, so that it is the same tomorrow.
  await agent.page.reload();
  await expect(agent.page.getByLabel('Sound')).not.toBeChecked();
  await expect(desktop).toBeChecked();
  await desktop.uncheck();
  await expect(agent.page.locator('.trouble')).toHaveCount(0);
  await agent.page.getByLabel('Sound').check();
  await agent.button('Test').click();
  await expect(agent.page.getByText('You should have heard')).toBeVisible();
});
