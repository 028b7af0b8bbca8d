// The host site says who its visitor is: history goes with them, into every browser; a logout ends it.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';

const SECRET = 'a secret of the shop, long enough';

type Sign = (user: Record<string, unknown>, secret: string) => string;

/** The example for the host site's developer, as it stands in docs/IDENTITY.md. */
async function example(folder: string): Promise<Sign> {
  const page = await readFile(join(import.meta.dirname, '../../../docs/IDENTITY.md'), 'utf8');
  const code = /```js server\n(.*?)```/s.exec(page)?.[1];
  if (code === undefined) throw new Error('the example is gone');
  const file = join(folder, 'example.mjs');
  await writeFile(file, code);
  const { kefuToken } = (await import(pathToFileURL(file).href)) as { kefuToken: Sign };
  return kefuToken;
}

type Told = { ok: boolean; code?: string; customer?: { id: string; name: string | null } };

interface Host {
  kefu: { identify(jwt: string): Promise<Told>; logout(): Promise<Told> };
}

const identify = (page: Page, jwt: string) =>
  page.evaluate(jwt => (window as unknown as Host).kefu.identify(jwt), jwt);

test.use({ settings: { KEFU_IDENTITY_SECRET: SECRET } });

const LI = { id: 42, name: '李伟', email: 'li@shop.example', plan: 'gold' };

test('what was written goes with the customer, into another browser, and away with a logout', async ({
  people,
}, info) => {
  const sign = await example(await folder(info.outputDir));
  const home = await people.customer();
  await home.send('My parcel is late');
  await home.settled();
  const agent = await people.agent();
  await agent.choose('My parcel is late');

  const jwt = sign(LI, SECRET);
  const told = await identify(home.page, jwt);
  expect(told.ok).toBe(true);
  expect(told.customer?.name).toBe('李伟');
  await home.online();
  await home.shows(['My parcel is late']);
  // The agent sees who it is, at once.
  await expect(agent.page.getByRole('heading', { name: '李伟' })).toBeVisible();
  await agent.send('One moment');
  await home.shows(['My parcel is late', 'One moment']);
  // Every page of the site may say it again, also after a reload.
  await home.reload();
  await home.online();
  expect(await identify(home.page, jwt)).toEqual(told);
  await home.shows(['My parcel is late', 'One moment']);

  const phone = await people.customer();
  expect((await identify(phone.page, sign(LI, SECRET))).customer).toEqual(told.customer);
  await phone.shows(['My parcel is late', 'One moment']);
  await phone.send('Thank you');
  await home.shows(['My parcel is late', 'One moment', 'Thank you']);

  // A second tab of the browser that logs out goes with it; the phone stays.
  const tab = await people.tab(home);
  await tab.open();
  await tab.shows(['My parcel is late', 'One moment', 'Thank you']);
  await home.write('not sent');
  await home.page
    .evaluate(() => (window as unknown as Host).kefu.logout())
    // The page goes on as somebody new, maybe before this is answered.
    .catch(() => {});
  for (const page of [home, tab]) {
    await expect(page.texts).toHaveCount(0);
    await expect(page.page.getByText('Hello! How can we help?')).toBeVisible();
  }
  await expect(home.composer).toHaveValue('');
  await home.online();
  await home.send('Somebody else');
  await home.shows(['Somebody else']);
  await phone.shows(['My parcel is late', 'One moment', 'Thank you']);
});

test('what is not well signed says so, and the chat goes on', async ({ people, watch }, info) => {
  const sign = await example(await folder(info.outputDir));
  const customer = await people.customer();
  watch.announce(/40[01].*\/api\/v1\/identify/);
  const refused = await identify(customer.page, sign(LI, 'the secret of somebody else, as long'));
  expect([refused.ok, refused.code]).toEqual([false, 'identity_signature']);
  expect((await identify(customer.page, 'nonsense')).code).toBe('identity_invalid');
  await customer.send('Still here');
  await customer.shows(['Still here']);
});

async function folder(path: string): Promise<string> {
  const { mkdir } = await import('node:fs/promises');
  await mkdir(path, { recursive: true });
  return path;
}
