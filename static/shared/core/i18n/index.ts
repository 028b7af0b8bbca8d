// A language, ready for use: its words, and what times and days look like in it.

import { type Language, TAGS } from './choose';
import { errorsIn, type Words, wordsIn } from './words';

export { chooseLanguage, keepLanguage, LANGUAGES, type Language } from './choose';
export type { Words } from './words';

export class Locale {
  readonly tag: string;
  /** How the reader writes times and dates. */
  readonly formats: string;
  readonly #time: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayOfYear: Intl.DateTimeFormat;
  readonly #full: Intl.DateTimeFormat;

  /** `preferred` says how the reader's region writes English times and dates. */
  constructor(
    readonly language: Language,
    preferred: readonly string[] = [],
  ) {
    this.tag = TAGS[language];
    this.formats = (language === 'en' && preferred.find(tag => /^en-/i.test(tag))) || this.tag;
    this.#time = new Intl.DateTimeFormat(this.formats, { hour: 'numeric', minute: '2-digit' });
    this.#day = new Intl.DateTimeFormat(this.formats, {
      weekday: 'long',
      month: 'long',
      day: 'numeric',
    });
    this.#dayOfYear = new Intl.DateTimeFormat(this.formats, { dateStyle: 'long' });
    this.#full = new Intl.DateTimeFormat(this.formats, { dateStyle: 'full', timeStyle: 'medium' });
  }

  /** They have to be at hand by the time that something is said. */
  get words(): Words {
    return wordsIn(this.language);
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
    return this.#write(at, { dateStyle: 'medium', timeStyle: 'short' });
  }

  /** "Today", "Yesterday", "Monday, November 23", "November 23, 2025" */
  day(at: number, now: number): string {
    const days = dayNumber(now) - dayNumber(at);
    if (days === 0) return this.words.today;
    if (days === 1) return this.words.yesterday;
    const thisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
    return safely(() => (thisYear ? this.#day : this.#dayOfYear).format(at));
  }

  /** "Monday, November 30 at 9:00 AM": a moment to come. */
  readonly when = (at: number): string =>
    this.#write(at, {
      weekday: 'long',
      month: 'long',
      day: 'numeric',
      hour: 'numeric',
      minute: '2-digit',
    });

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

  #write(at: number, how: Intl.DateTimeFormatOptions): string {
    return safely(() => new Date(at).toLocaleString(this.formats, how));
  }

  number(n: number): string {
    return n.toLocaleString(this.tag);
  }

  /** What went wrong, by the server's code. */
  error(code: string | null): string {
    const errors = errorsIn(this.language);
    return (code !== null && Object.hasOwn(errors, code) && errors[code]) || this.words.wentWrong;
  }
}

/** The days since 1970 in the reader's time zone. */
export function dayNumber(at: number): number {
  return Math.floor((at - new Date(at).getTimezoneOffset() * 60_000) / 86_400_000);
}

/** A time that the server got wrong shows nothing rather than breaking the page. */
export function safely(format: () => string): string {
  try {
    return format();
  } catch {
    return '';
  }
}
