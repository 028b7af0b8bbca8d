// The words that are at hand. Staff's pages bring those of both languages; the customer's fetches those
// that it shows first, and the rest when nobody waits for it.

import type { Language } from './choose';
import type { en } from './en';

export type Words = typeof en;
/** By the server's code. */
export type ErrorWords = Readonly<Record<string, string>>;

const words = new Map<Language, Words>();
const errors = new Map<Language, ErrorWords>();
let fetchThem: (language: Language) => Promise<Words>;

export function bringWords(language: Language, all: Words): void {
  words.set(language, all);
}

export function bringErrors(language: Language, all: ErrorWords): void {
  errors.set(language, all);
}

/** How words come that nobody has brought. */
export function wordsComeBy(fetch: typeof fetchThem): void {
  fetchThem = fetch;
}

/** Has the words of a language at hand from now on. */
export async function needWords(language: Language): Promise<void> {
  if (!words.has(language)) words.set(language, await fetchThem(language));
}

export function wordsIn(language: Language): Words {
  const found = words.get(language);
  if (found === undefined) throw new Error(`the words of "${language}" are not here`);
  return found;
}

/** None before they are here. */
export function errorsIn(language: Language): ErrorWords {
  return errors.get(language) ?? {};
}
