// The page's language as a signal: every component that reads it changes with it, and nothing
// else does, so that drafts and scroll positions stay.

import { effect, signal } from '@preact/signals';
import { localStore } from '../browser';
import { chooseLanguage, keepLanguage, type Language, Locale } from '../core/i18n';

export const locale = signal(localeOf(chooseLanguage(localStore, navigator.languages)));

export function switchTo(language: Language): void {
  keepLanguage(localStore, language);
  locale.value = localeOf(language);
}

function localeOf(language: Language): Locale {
  return new Locale(language, navigator.languages);
}

effect(() => {
  document.documentElement.lang = locale.value.tag;
});
