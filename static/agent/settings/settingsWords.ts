// What the panel of the settings says, in both languages.

import { computed } from '@preact/signals';
import type { Language } from '../../shared/core/i18n';
import { locale } from '../../shared/ui/locale';
import { type AllWords, consoleWords } from '../consoleWords';
import { en } from '../words/settings.en';
import { zh } from '../words/settings.zh';

export type SettingsWords = typeof en;

const WORDS: Readonly<Record<Language, SettingsWords>> = { en, zh };

export const settingsWords = computed<AllWords & SettingsWords>(() => ({
  ...consoleWords.value,
  ...WORDS[locale.value.language],
}));
