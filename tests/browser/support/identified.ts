// Customers whom the host site names, as docs/IDENTITY.md has it.

import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Page } from '@playwright/test';
import type { Server } from './server.ts';
import { type Api, WireSession } from './wire.ts';

const SECRET = 'a secret of the shop, long enough';
export const ANA = {
  sub: 'u-1001',
  name: 'Ana Lindqvist',
  email: 'ana@shop.example',
  attributes: { plan: 'gold', orders: 12, newsletter: true },
};

/** From here on the host site may say who somebody is. */
export async function allowIdentity(api: Api): Promise<void> {
  await api.set('identity', { secret: SECRET });
}

function signed(): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const said = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ ...ANA, exp, jti: randomUUID() })}`;
  return `${said}.${createHmac('sha256', SECRET).update(said).digest('base64url')}`;
}

interface Told {
  ok: boolean;
  customer: { id: string };
}

/** The site says it in a customer's page; whose it is by then. */
export async function identify(page: Page): Promise<{ id: string }> {
  const told = await page.evaluate(jwt => {
    const host = window as unknown as { kefu: { identify(jwt: string): Promise<Told> } };
    return host.kefu.identify(jwt);
  }, signed());
  if (!told.ok) throw new Error(`not identified: ${JSON.stringify(told)}`);
  return told.customer;
}

/** Somebody who is identified already. */
export async function identified(server: Server): Promise<WireSession> {
  const before = randomBytes(32).toString('base64url');
  const response = await fetch(`${server.url}/api/v1/identify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${before}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jwt: signed() }),
  });
  if (!response.ok) throw new Error(`refused: ${response.status} ${await response.text()}`);
  const { token } = (await response.json()) as { token: string };
  return WireSession.customer(server, token);
}
