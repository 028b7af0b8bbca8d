// The secret by which this browser is known: the one that the page made, or the one that the server gave when
// the host site said who it is. Kept for all tabs; one of them may have replaced it.

import { randomBytes } from '../shared/browser';
import { customerToken, forgetToken, keepToken } from '../shared/core/ids';
import { localStore } from '../shared/stores';

export const { isNew } = customerToken(localStore, randomBytes);

let used = '';

/** For a hello. */
export function token(): string {
  used = customerToken(localStore, randomBytes).token;
  return used;
}

export function goOnWith(next: string): void {
  keepToken(localStore, next);
}

/** The one that was used last is good no longer. */
export function dropToken(): void {
  if (customerToken(localStore, randomBytes).token === used) forgetToken(localStore);
}
