// What the page says, in both languages: the console's words and its own.

import { computed } from '@preact/signals';
import { type AllWords, consoleWords } from '../agent/consoleWords';
import type { Language } from '../shared/core/i18n';
import { locale } from '../shared/ui/locale';
import { en } from './words/en';
import { zh } from './words/zh';

type AdminWords = typeof en;

const WORDS: Readonly<Record<Language, AdminWords>> = { en, zh };

export const adminWords = computed<
  AllWords & AdminWords & { error: (code: string) => string; number: (n: number) => string }
>(() => ({
  ...consoleWords.value,
  ...WORDS[locale.value.language],
  error: code => locale.value.error(code),
  number: n => locale.value.number(n),
}));
