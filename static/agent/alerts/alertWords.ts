// What alerts say, in both languages.

import { computed } from '@preact/signals';
import type { Language } from '../../shared/core/i18n';
import { locale } from '../../shared/ui/locale';
import { type AllWords, consoleWords } from '../consoleWords';
import { en } from '../words/alerts.en';
import { zh } from '../words/alerts.zh';

export type AlertWords = typeof en;

const ALERT_WORDS: Readonly<Record<Language, AlertWords>> = { en, zh };

export const alertWords = computed<AllWords & AlertWords>(() => ({
  ...consoleWords.value,
  ...ALERT_WORDS[locale.value.language],
}));
