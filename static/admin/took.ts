// How long something took, as people say it.

export interface DurationWords {
  seconds: (n: number) => string;
  minutes: (n: number) => string;
  hours: (n: number) => string;
  days: (n: number) => string;
}

/** In its largest unit and the one below: "48 s", "1 min 35 s", "2 h 5 min", "1 d". */
export function took(ms: number, words: DurationWords): string {
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.round(seconds / 60);
  const hours = Math.round(minutes / 60);
  const pair = (large: string, small: number, unit: (n: number) => string) =>
    small === 0 ? large : `${large} ${unit(small)}`;
  if (seconds < 60) return words.seconds(seconds);
  if (seconds < 3_600) {
    return pair(words.minutes(Math.floor(seconds / 60)), seconds % 60, words.seconds);
  }
  if (minutes < 1_440) {
    return pair(words.hours(Math.floor(minutes / 60)), minutes % 60, words.minutes);
  }
  return pair(words.days(Math.floor(hours / 24)), hours % 24, words.hours);
}
