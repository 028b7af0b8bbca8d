// The page's language as a signal: every component that reads it changes with it, and nothing
// else does, so that drafts and scroll positions stay.

import { effect, signal } from '@preact/signals';
import { chooseLanguage, keepLanguage, LANGUAGES, type Language, Locale } from '../core/i18n';
import { needWords } from '../core/i18n/words';
import { localStore } from '../stores';

export const locale = signal(localeOf(chooseLanguage(localStore, navigator.languages)));

/** The one that was asked for last; its words may still be on their way. */
let wanted = locale.peek().language;

export function switchTo(language: Language): Promise<void> {
  keepLanguage(localStore, language);
  return speak(language);
}

/** The languages that can be chosen. */
export const offered = signal(LANGUAGES);

/** Offers only these; who reads none of them gets the one that is for everybody else. */
export function offer(names: readonly string[], otherwise: string): void {
  const some = LANGUAGES.filter(language => names.includes(language));
  offered.value = some.length > 0 ? some : LANGUAGES;
  if (offered.value.includes(wanted)) return;
  void speak(offered.value.find(language => language === otherwise) ?? 'en');
}

/** More of the page's words has come. */
export function renewLocale(): void {
  locale.value = localeOf(locale.peek().language);
}

async function speak(language: Language): Promise<void> {
  wanted = language;
  await needWords(language);
  if (wanted === language) locale.value = localeOf(language);
}

function localeOf(language: Language): Locale {
  return new Locale(language, navigator.languages);
}

effect(() => {
  document.documentElement.lang = locale.value.tag;
});
