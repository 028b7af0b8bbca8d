// The customer's few requests over HTTP, with the token of the page in a header, never in an address.

import { token } from '../token';

export interface Answer {
  readonly ok: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function ask(path: string, send?: object): Promise<Answer> {
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method: send ? 'PUT' : 'GET',
      headers: {
        authorization: `Bearer ${token()}`,
        ...(send && { 'content-type': 'application/json' }),
      },
      ...(send && { body: JSON.stringify(send) }),
    });
    return { ok: response.ok, body: await response.json() };
  } catch {
    return { ok: false, body: { code: 'unreachable' } };
  }
}
