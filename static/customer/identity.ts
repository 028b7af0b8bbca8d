// The host site says who its visitor is, or that they have logged out (docs/IDENTITY.md). Loaded when it does.

import type { Connection } from '../shared/core/connection';
import { readError } from '../shared/core/wire';
import { localStore, tabStore } from '../shared/stores';
import { dropToken, goOnWith, token } from './token';

/** Who was identified in this browser, if anybody. */
const IDENTIFIED = 'kefu.identified';

interface Customer {
  id: string;
  name: string | null;
  email: string | null;
}

interface Failure {
  ok: false;
  code: string;
  message: string;
}

export async function identify(
  jwt: unknown,
  connection: Connection,
): Promise<{ ok: true; customer: Customer } | Failure> {
  const before = token();
  const answer = await ask(before, 'POST', { jwt: String(jwt) });
  if (!answer.ok) return answer;
  const { token: next, customer } = answer.body as { token: string; customer: Customer };
  const who = localStore.get(IDENTIFIED);
  localStore.set(IDENTIFIED, customer.id);
  if (next !== before) {
    goOnWith(next);
    // What the page shows is the customer's, or is about to be; of somebody else nothing may stay.
    if (who === null || who === customer.id) connection.restart();
    else beginAnew();
  }
  return { ok: true, customer };
}

export async function logout(): Promise<{ ok: true } | Failure> {
  const answer = await ask(token(), 'DELETE');
  if (!answer.ok) return answer;
  ended();
  return { ok: true };
}

/** The token opens nothing any more: somebody new begins. */
export function ended(): void {
  dropToken();
  localStore.remove(IDENTIFIED);
  beginAnew();
}

/** What was written here and not sent is nobody else's to send. */
function beginAnew(): void {
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (/^kefu\.(outbox|draft)\.customer/.test(key)) tabStore.remove(key);
    }
  } catch {
    // Nothing was kept there then.
  }
  location.reload();
}

async function ask(
  bearer: string,
  method: string,
  body?: unknown,
): Promise<{ ok: true; body: unknown } | Failure> {
  let response: Response;
  let said: unknown = null;
  try {
    response = await fetch('/api/v1/identify', {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (response.status !== 204) said = await response.json();
  } catch {
    return { ok: false, code: 'unreachable', message: 'The server cannot be reached.' };
  }
  if (response.ok) return { ok: true, body: said };
  const { code, message } = readError(said) ?? { code: 'unknown', message: '' };
  return { ok: false, code, message };
}
