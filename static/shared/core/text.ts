// What a message may be, checked before it is sent by the same rules as the server's.

import type { Limits } from './wire';

/** Without white space around it, and without what UTF-8 or the server cannot take. */
export function tidy(text: string): string {
  return text
    .replaceAll('\0', '')
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(/^\s*\n/, '')
    .trimEnd();
}

/** How many characters are left; negative where there are too many. Bytes count where they are
 * the narrower limit. */
export function charactersLeft(text: string, limits: Omit<Limits, 'files'>): number {
  const characters = [...text].length;
  const left = limits.text_chars - characters;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= limits.text_bytes) return left;
  return Math.min(left, -Math.ceil((bytes - limits.text_bytes) / 4));
}
