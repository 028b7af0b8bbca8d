// The two languages, and which one to use.

import type { Store } from '../env';

export type Language = 'en' | 'zh';

export const LANGUAGES: readonly Language[] = ['en', 'zh'];
/** For `<html lang>` and Intl. */
export const TAGS: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-Hans' };
/** Each in itself. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };

const LANGUAGE_KEY = 'kefu.language';

/** The language chosen before, else the first of the browser's that there is, else English. */
export function chooseLanguage(store: Store, preferred: readonly string[]): Language {
  const kept = store.get(LANGUAGE_KEY);
  for (const tag of [kept, ...preferred]) {
    const language = tag?.toLowerCase().split('-')[0];
    if (language === 'en' || language === 'zh') return language;
  }
  return 'en';
}

export function keepLanguage(store: Store, language: Language): void {
  store.set(LANGUAGE_KEY, language);
}
