// What the console says about keeping customers and networks out, in both languages.

import { computed } from '@preact/signals';
import type { Language } from '../shared/core/i18n';
import type { WireError } from '../shared/core/wire';
import { locale } from '../shared/ui/locale';
import { type AllWords, consoleWords } from './consoleWords';
import { en } from './words/blocks.en';
import { zh } from './words/blocks.zh';

export type BlockWords = typeof en;

export const BLOCK_WORDS: Readonly<Record<Language, BlockWords>> = { en, zh };

export const blockWords = computed<AllWords & BlockWords>(() => ({
  ...consoleWords.value,
  ...BLOCK_WORDS[locale.value.language],
}));

/** Why something about a block did not work. */
export function explainBlock(error: WireError): string {
  const problems: Readonly<Record<string, string>> = blockWords.value.problems;
  const known = Object.hasOwn(problems, error.code) ? problems[error.code] : undefined;
  return known ?? locale.value.error(error.code);
}

/** How long a block can last, in seconds; null is for good. */
export const LENGTHS = ['3600', '86400', '604800', ''] as const;

export function lengthName(seconds: string): string {
  const words = blockWords.value;
  const names: Readonly<Record<string, string>> = {
    '3600': words.oneHour,
    '86400': words.oneDay,
    '604800': words.oneWeek,
  };
  return names[seconds] ?? words.forGood;
}

/** "until Nov 26, 2026, 3:04 PM" or "for good". */
export function untilName(until: number | null): string {
  const words = blockWords.value;
  return until === null ? words.isForGood : words.isUntil(locale.value.moment(until));
}
