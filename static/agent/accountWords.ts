// What the panels about accounts say, in both languages.

import { computed } from '@preact/signals';
import type { Language } from '../shared/core/i18n';
import type { WireError } from '../shared/core/wire';
import { locale } from '../shared/ui/locale';
import { type AllWords, consoleWords } from './consoleWords';
import { en } from './words/accounts.en';
import { zh } from './words/accounts.zh';

export type AccountWords = typeof en;

export const ACCOUNT_WORDS: Readonly<Record<Language, AccountWords>> = { en, zh };

export const accountWords = computed<AllWords & AccountWords>(() => ({
  ...consoleWords.value,
  ...ACCOUNT_WORDS[locale.value.language],
}));

/** Why something about an account did not work. */
export function explain(error: WireError): string {
  if (error.code === 'rate_limited' && error.retry_after_ms !== null) {
    return consoleWords.value.tooManyTries(Math.ceil(error.retry_after_ms / 1000));
  }
  const problems: Readonly<Record<string, string>> = accountWords.value.problems;
  const known = Object.hasOwn(problems, error.code) ? problems[error.code] : undefined;
  return known ?? locale.value.error(error.code);
}

export function roleName(role: string): string {
  const words = consoleWords.value;
  const names: Readonly<Record<string, string>> = {
    agent: words.roleAgent,
    supervisor: words.roleSupervisor,
    admin: words.roleAdmin,
  };
  return names[role] ?? role;
}
