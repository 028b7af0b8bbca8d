// The page's language as a signal: every component that reads it changes with it, and nothing
// else does, so that drafts and scroll positions stay.

import { effect, signal } from '@preact/signals';
import { localStore } from '../browser';
import { chooseLanguage, keepLanguage, LANGUAGES, type Language, Locale } from '../core/i18n';

export const locale = signal(localeOf(chooseLanguage(localStore, navigator.languages)));

export function switchTo(language: Language): void {
  keepLanguage(localStore, language);
  locale.value = localeOf(language);
}

/** The languages that can be chosen. */
export const offered = signal(LANGUAGES);

/** Offers only these; who reads none of them gets the one that is for everybody else. */
export function offer(names: readonly string[], otherwise: string): void {
  const some = LANGUAGES.filter(language => names.includes(language));
  offered.value = some.length > 0 ? some : LANGUAGES;
  if (offered.value.includes(locale.peek().language)) return;
  locale.value = localeOf(offered.value.find(language => language === otherwise) ?? 'en');
}

function localeOf(language: Language): Locale {
  return new Locale(language, navigator.languages);
}

effect(() => {
  document.documentElement.lang = locale.value.tag;
});
