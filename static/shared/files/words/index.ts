// What is said about files, in the page's language; loaded with the rest of them.

import { computed } from '@preact/signals';
import type { Language } from '../../core/i18n';
import { locale } from '../../ui/locale';
import { en } from './en';
import { zh } from './zh';

export type FileWords = typeof en;

export const FILE_WORDS: Readonly<Record<Language, FileWords>> = { en, zh };

export const fileWords = computed(() => FILE_WORDS[locale.value.language]);

/** Why a file was not sent; null where that has nothing to do with its being one. */
export function fileError(code: string | null): string | null {
  const problems: Readonly<Record<string, string>> = fileWords.value.problems;
  return code !== null && Object.hasOwn(problems, code) ? (problems[code] ?? null) : null;
}
