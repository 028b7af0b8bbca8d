// What the console says, in the page's language: the words of both pages and its own.

import { computed } from '@preact/signals';
import type { Words } from '../shared/core/i18n';
import { locale } from '../shared/ui/locale';
import { CONSOLE_WORDS, type ConsoleWords } from './words';

export type AllWords = Words & ConsoleWords;

export const consoleWords = computed<AllWords>(() => ({
  ...locale.value.words,
  ...CONSOLE_WORDS[locale.value.language],
}));
