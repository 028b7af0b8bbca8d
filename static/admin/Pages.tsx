// A list that comes in pages, the newest first: how much of it was found, what is here, and a button for more.

import type { ComponentChildren } from 'preact';
import type { Answer } from '../agent/api';
import { type Asked, useAnswer } from './useAnswer';

export interface Page<T> {
  readonly items: readonly T[];
  /** Where to go on; null where nothing is left. */
  readonly next: string | null;
}

/** So many more come at once, where there are. */
const ENOUGH = 20;

/** Asks again whenever `key` is another. */
export function usePages<T>(
  ask: (before: string | null) => Promise<Answer<Page<T>>>,
  idOf: (item: T) => string,
  key: string,
  signedOut: () => void,
): Asked<Page<T>> {
  return useAnswer<Page<T>>(
    async (from, isWanted) => {
      let all = from ?? { items: [], next: null };
      const enough = all.items.length + ENOUGH;
      // A page may be short or empty, and still there is more.
      do {
        const { ok, error } = await ask(all.next);
        if (error !== null) return { ok, error };
        // With words, one conversation may be found again by what was said earlier.
        const known = new Set(all.items.map(idOf));
        const news = ok.items.filter(item => !known.has(idOf(item)));
        all = { items: [...all.items, ...news], next: ok.next };
      } while (all.next !== null && all.items.length < enough && isWanted());
      return { ok: all, error: null };
    },
    key,
    signedOut,
  );
}

interface PagesProps<T> {
  asked: Asked<Page<T>>;
  words: {
    readonly nothing: string;
    readonly found: (n: number) => string;
    /** So many, and there is more. */
    readonly foundMore: (n: number) => string;
    readonly more: string;
  };
  children: (items: readonly T[]) => ComponentChildren;
}

export function Pages<T>({ asked, words, children }: PagesProps<T>) {
  const { found, busy, problem, load } = asked;
  const { items, next } = found ?? { items: [], next: null };
  const count = (next === null ? words.found : words.foundMore)(items.length);
  return (
    <>
      <p class="admin-count" role="status">
        {!busy && problem === null && (items.length === 0 ? words.nothing : count)}
      </p>
      {found !== null && items.length > 0 && (
        <div class="admin-rows" aria-busy={busy}>
          {children(items)}
          {next !== null && (
            <button
              type="button"
              class="plain"
              aria-disabled={busy}
              onClick={() => !busy && void load(found)}
            >
              {words.more}
            </button>
          )}
        </div>
      )}
    </>
  );
}
