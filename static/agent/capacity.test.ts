// A capacity is typed as a number, or left to the settings.

import { expect, it } from 'vitest';
import { readCapacity } from './capacity';

it.each([
  ['', null],
  [' ', null],
  ['0', 0],
  [' 7 ', 7],
  ['1000', 1000],
  ['1001', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['１', undefined],
  ['many', undefined],
])('%j is %j', (typed, capacity) => {
  expect(readCapacity(typed)).toBe(capacity);
});
