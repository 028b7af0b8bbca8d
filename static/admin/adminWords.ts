// What the page says, in both languages: the console's words and its own.

import { computed } from '@preact/signals';
import { type AllWords, consoleWords } from '../agent/consoleWords';
import type { Language } from '../shared/core/i18n';
import { locale } from '../shared/ui/locale';
import { en as auditEn } from './words/audit.en';
import { zh as auditZh } from './words/audit.zh';
import { en as cleanupEn } from './words/cleanup.en';
import { zh as cleanupZh } from './words/cleanup.zh';
import { en } from './words/en';
import { en as reportsEn } from './words/reports.en';
import { zh as reportsZh } from './words/reports.zh';
import { zh } from './words/zh';

type OwnWords = typeof en & {
  reports: typeof reportsEn;
  audit: typeof auditEn;
  cleanup: typeof cleanupEn;
};

const WORDS: Readonly<Record<Language, OwnWords>> = {
  en: { ...en, reports: reportsEn, audit: auditEn, cleanup: cleanupEn },
  zh: { ...zh, reports: reportsZh, audit: auditZh, cleanup: cleanupZh },
};

export type AdminWords = AllWords &
  OwnWords & { error: (code: string) => string; number: (n: number) => string };

export const adminWords = computed<AdminWords>(() => ({
  ...consoleWords.value,
  ...WORDS[locale.value.language],
  error: code => locale.value.error(code),
  number: n => locale.value.number(n),
}));
