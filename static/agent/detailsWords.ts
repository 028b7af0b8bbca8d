// What the details beside a conversation say, in both languages.

import { computed } from '@preact/signals';
import type { Language } from '../shared/core/i18n';
import { locale } from '../shared/ui/locale';
import { type AllWords, consoleWords } from './consoleWords';
import { en } from './words/details.en';
import { zh } from './words/details.zh';

export type DetailsWords = typeof en;

const DETAILS_WORDS: Readonly<Record<Language, DetailsWords>> = { en, zh };

export const detailsWords = computed<AllWords & DetailsWords>(() => ({
  ...consoleWords.value,
  ...DETAILS_WORDS[locale.value.language],
}));
