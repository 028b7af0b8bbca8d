import { expect, test } from 'vitest';
import { days, hours, things } from './steps';

/** So many hours from a moment on. */
function from(moment: string, many: number): string[] {
  const first = Date.parse(moment);
  return Array.from({ length: many }, (_, at) => new Date(first + at * 3_600_000).toISOString());
}

test('hours are named as the time zone has them, the first of a day by its date', () => {
  const { names, marks } = hours(from('2026-11-24T16:00:00Z', 48), 'Asia/Shanghai', 'en');
  expect(names[0]).toBe('Nov 25, 2026, 12:00 AM');
  expect(marks(8)).toEqual([
    { at: 0, name: 'Nov 25' },
    { at: 6, name: '06:00' },
    { at: 12, name: '12:00' },
    { at: 18, name: '18:00' },
    { at: 24, name: 'Nov 26' },
    { at: 30, name: '06:00' },
    { at: 36, name: '12:00' },
    { at: 42, name: '18:00' },
  ]);
  expect(marks(3)).toEqual([
    { at: 0, name: 'Nov 25' },
    { at: 24, name: 'Nov 26' },
  ]);
});

test('a day of 25 hours moves no name', () => {
  // In Berlin the clock went back on October 25.
  const { marks } = hours(from('2026-10-24T22:00:00Z', 49), 'Europe/Berlin', 'en');
  expect(marks(2)).toEqual([
    { at: 0, name: 'Oct 25' },
    { at: 25, name: 'Oct 26' },
  ]);
});

test('where there is no room for every day there are as many as there is room for', () => {
  const dates = Array.from({ length: 31 }, (_, at) => `2026-10-${String(at + 1).padStart(2, '0')}`);
  const { names, marks } = days(dates, 'en');
  expect([names[0], names[30]]).toEqual(['Oct 1, 2026', 'Oct 31, 2026']);
  expect(marks(31)).toHaveLength(31);
  expect(marks(10).map(({ at }) => at)).toEqual([0, 4, 8, 12, 16, 20, 24, 28]);
  expect(marks(0)).toEqual([{ at: 0, name: 'Oct 1' }]);
  const year = hours(from('2026-01-01T00:00:00Z', 24 * 31), 'UTC', 'en');
  expect(year.marks(10).map(({ at }) => at / 24)).toEqual([0, 4, 8, 12, 16, 20, 24, 28]);
});

test('things are all named', () => {
  expect(things(['1', '2']).marks(1)).toHaveLength(2);
});
