// How times and languages are written in lists, which only staff have.

import { dayNumber, type Locale, safely } from '../shared/core/i18n';

/** The time of a row in a list: the hour today, the day before that. */
export function brief(at: number, now: number, locale: Locale): string {
  const days = dayNumber(now) - dayNumber(at);
  if (days === 0) return locale.time(at);
  if (days === 1) return locale.words.yesterday;
  return safely(() =>
    new Date(at).toLocaleDateString(locale.formats, {
      month: 'short',
      day: 'numeric',
      ...(new Date(at).getFullYear() !== new Date(now).getFullYear() && { year: 'numeric' }),
    }),
  );
}

/** "Chinese (China)" for `zh-CN`; what is no language tag stays as it is. */
export function languageOf(tag: string, { tag: language }: Locale): string {
  try {
    return new Intl.DisplayNames([language], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
