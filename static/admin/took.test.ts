import { expect, test } from 'vitest';
import { took } from './took';

const words = {
  seconds: (n: number) => `${n} s`,
  minutes: (n: number) => `${n} min`,
  hours: (n: number) => `${n} h`,
  days: (n: number) => `${n} d`,
};

test('a duration is told in its largest unit and the one below', () => {
  const hour = 3_600_000;
  for (const [ms, told] of [
    [0, '0 s'],
    [1_499, '1 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [95_000, '1 min 35 s'],
    [hour - 1_000, '59 min 59 s'],
    [hour, '1 h'],
    [hour + 89_000, '1 h 1 min'],
    [24 * hour - 20_000, '1 d'],
    [27 * hour, '1 d 3 h'],
    [48 * hour - 60_000, '2 d'],
  ] as const) {
    expect(took(ms, words)).toBe(told);
  }
});
