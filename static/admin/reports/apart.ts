// How far the marks beside a chart may be from each other, so that each of them is a round figure.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Whole numbers. */
export const NUMBERS = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap(zeros =>
  [1, 2, 5].map(digit => digit * 10 ** zeros),
);

/** Milliseconds. Those that are told in minutes or hours are whole ones. */
export const DURATIONS = [
  ...[1, 2, 5, 10, 20].map(n => n * SECOND),
  ...[1, 2, 5, 10, 20].map(n => n * MINUTE),
  ...[1, 2, 3, 6, 12].map(n => n * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100, 200].map(n => n * DAY),
];
