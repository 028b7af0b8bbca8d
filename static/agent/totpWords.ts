// What the console says about the second factor, in both languages.

import { computed } from '@preact/signals';
import type { Language } from '../shared/core/i18n';
import type { WireError } from '../shared/core/wire';
import { locale } from '../shared/ui/locale';
import { explain } from './accountWords';
import { en } from './words/totp.en';
import { zh } from './words/totp.zh';

export type TotpWords = typeof en;

export const TOTP_WORDS: Readonly<Record<Language, TotpWords>> = { en, zh };

export const totpWords = computed<TotpWords>(() => TOTP_WORDS[locale.value.language]);

/** Why something about the second factor did not work. */
export function explainTotp(error: WireError): string {
  const problems: Readonly<Record<string, string>> = totpWords.value.problems;
  const known = Object.hasOwn(problems, error.code) ? problems[error.code] : undefined;
  return known ?? explain(error);
}
