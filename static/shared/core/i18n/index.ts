// The two languages: which one to use, and what its words, times and days look like.

import type { Store } from '../env';
import { en } from './en';
import { zh } from './zh';

export type Language = 'en' | 'zh';
export type Words = typeof en;
export type ErrorCode = keyof Words['errors'];

const LANGUAGE_KEY = 'kefu.language';
const WORDS: Readonly<Record<Language, Words>> = { en, zh };
/** For `<html lang>` and Intl. */
const TAGS: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-Hans' };

export const LANGUAGES: readonly Language[] = ['en', 'zh'];

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

/** One language, ready for use: words and formats. */
export class Locale {
  readonly words: Words;
  readonly tag: string;
  readonly #formats: string;
  readonly #time: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayOfYear: Intl.DateTimeFormat;
  readonly #full: Intl.DateTimeFormat;
  readonly #number: Intl.NumberFormat;
  readonly #languages: Intl.DisplayNames;

  /** `preferred` says how the reader's region writes English times and dates. */
  constructor(
    readonly language: Language,
    preferred: readonly string[] = [],
  ) {
    this.words = WORDS[language];
    this.tag = TAGS[language];
    this.#formats = (language === 'en' && preferred.find(tag => /^en-/i.test(tag))) || this.tag;
    this.#time = new Intl.DateTimeFormat(this.#formats, { hour: 'numeric', minute: '2-digit' });
    this.#day = new Intl.DateTimeFormat(this.#formats, {
      weekday: 'long',
      month: 'long',
      day: 'numeric',
    });
    this.#dayOfYear = new Intl.DateTimeFormat(this.#formats, { dateStyle: 'long' });
    this.#full = new Intl.DateTimeFormat(this.#formats, { dateStyle: 'full', timeStyle: 'medium' });
    this.#number = new Intl.NumberFormat(this.tag);
    this.#languages = new Intl.DisplayNames([this.tag], { type: 'language' });
  }

  /** "3:04 PM", "15:04" */
  time(at: number): string {
    return safely(() => this.#time.format(at));
  }

  /** For a tooltip: everything. */
  full(at: number): string {
    return safely(() => this.#full.format(at));
  }

  /** "Nov 25, 2026, 3:04 PM" */
  moment(at: number): string {
    return safely(() =>
      new Date(at).toLocaleString(this.#formats, { dateStyle: 'medium', timeStyle: 'short' }),
    );
  }

  /** "Today", "Yesterday", "Monday, November 23", "November 23, 2025" */
  day(at: number, now: number): string {
    const days = dayNumber(now) - dayNumber(at);
    if (days === 0) return this.words.today;
    if (days === 1) return this.words.yesterday;
    const thisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
    return safely(() => (thisYear ? this.#day : this.#dayOfYear).format(at));
  }

  /** The time of a row in a list: the hour today, the day before that. */
  brief(at: number, now: number): string {
    const days = dayNumber(now) - dayNumber(at);
    if (days === 0) return this.time(at);
    if (days === 1) return this.words.yesterday;
    return safely(() =>
      new Date(at).toLocaleDateString(this.#formats, {
        month: 'short',
        day: 'numeric',
        ...(new Date(at).getFullYear() !== new Date(now).getFullYear() && { year: 'numeric' }),
      }),
    );
  }

  /** "Monday, November 30 at 9:00 AM": a moment to come. */
  readonly when = (at: number): string =>
    safely(() =>
      new Date(at).toLocaleString(this.#formats, {
        weekday: 'long',
        month: 'long',
        day: 'numeric',
        hour: 'numeric',
        minute: '2-digit',
      }),
    );

  /** "5 minutes", "2 hours": in the largest unit that says it. */
  readonly duration = (minutes: number): string => {
    const [unit, size] = (
      minutes % 1440 === 0 ? ['day', 1440] : minutes % 60 === 0 ? ['hour', 60] : ['minute', 1]
    ) as [string, number];
    return safely(() =>
      new Intl.NumberFormat(this.tag, { style: 'unit', unit, unitDisplay: 'long' }).format(
        minutes / size,
      ),
    );
  };

  number(n: number): string {
    return this.#number.format(n);
  }

  /** "Chinese (China)" for `zh-CN`; what is no language tag stays as it is. */
  languageOf(tag: string): string {
    try {
      return this.#languages.of(tag) ?? tag;
    } catch {
      return tag;
    }
  }

  /** What went wrong, by the server's code. */
  error(code: string | null): string {
    const errors: Readonly<Record<string, string>> = this.words.errors;
    return (code !== null && Object.hasOwn(errors, code) && errors[code]) || errors.unknown || '';
  }
}

/** The days since 1970 in the reader's time zone. */
export function dayNumber(at: number): number {
  return Math.floor((at - new Date(at).getTimezoneOffset() * 60_000) / 86_400_000);
}

/** A time that the server got wrong shows nothing rather than breaking the page. */
function safely(format: () => string): string {
  try {
    return format();
  } catch {
    return '';
  }
}
