// What saved replies say, in both languages.

import { computed } from '@preact/signals';
import type { Language } from '../shared/core/i18n';
import type { WireError } from '../shared/core/wire';
import { locale } from '../shared/ui/locale';
import { type AllWords, consoleWords } from './consoleWords';
import { en } from './words/replies.en';
import { zh } from './words/replies.zh';

export type RepliesWords = typeof en;

const REPLIES_WORDS: Readonly<Record<Language, RepliesWords>> = { en, zh };

export const repliesWords = computed<AllWords & RepliesWords>(() => ({
  ...consoleWords.value,
  ...REPLIES_WORDS[locale.value.language],
}));

/** Why something about a saved reply did not work. */
export function explain(error: WireError): string {
  const problems: Readonly<Record<string, string>> = repliesWords.value.problems;
  const known = Object.hasOwn(problems, error.code) ? problems[error.code] : undefined;
  return known ?? locale.value.error(error.code);
}
