// Secrets and keys that the page makes for itself before it has said anything to the server.

import type { Store } from './env';

export type RandomBytes = (count: number) => Uint8Array;

const TOKEN_KEY = 'kefu.customer';
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{43}$/;

/** A UUID version 4. Not `crypto.randomUUID`, which plain http pages do not have. */
export function newClientId(randomBytes: RandomBytes): string {
  const bytes = randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/** The server has given another one. */
export function keepToken(store: Store, token: string): void {
  if (TOKEN_SHAPE.test(token)) store.set(TOKEN_KEY, token);
}

export function forgetToken(store: Store): void {
  store.remove(TOKEN_KEY);
}

/** The customer's token: 32 random bytes as base64url, made once and kept. `isNew` when nobody can
 * have written with it yet. */
export function customerToken(
  store: Store,
  randomBytes: RandomBytes,
): { token: string; isNew: boolean } {
  const kept = store.get(TOKEN_KEY);
  if (kept !== null && TOKEN_SHAPE.test(kept)) return { token: kept, isNew: false };
  const token = btoa(String.fromCharCode(...randomBytes(32)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
  store.set(TOKEN_KEY, token);
  return { token, isNew: true };
}
