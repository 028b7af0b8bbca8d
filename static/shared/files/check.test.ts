// What the page says of a file before it is sent.

import { expect, it } from 'vitest';
import { wordsOf } from '../core/i18n/testing';
import { endingOf, isPicture, problemOf, shownSize, sizeOf } from './check';
import { en } from './words/en';
import { zh } from './words/zh';

const limits = { bytes: 100, types: ['image/png', 'text/plain'], extensions: ['png', 'csv'] };

it.each([
  ['cat.PNG', 100, '', null],
  ['table.csv', 1, 'application/vnd.ms-excel', null],
  ['notes', 1, 'text/plain', null],
  ['cat.png', 101, 'image/png', 'file_too_large'],
  ['cat.png', 0, 'image/png', 'file_empty'],
  ['run.exe', 1, 'application/x-msdownload', 'file_type_refused'],
  ['.png', 1, '', 'file_type_refused'],
] as const)('%s of %i bytes as %j is %j', (name, size, type, problem) => {
  expect(problemOf({ name, size, type }, limits)).toBe(problem);
});

it('reads endings and writes sizes', () => {
  expect([endingOf('a.tar.GZ'), endingOf('none'), endingOf('.hidden')]).toEqual(['gz', '', '']);
  expect(sizeOf(999, 'en')).toBe('999 bytes');
  expect(sizeOf(999, 'zh-CN')).toBe('999字节');
  expect(sizeOf(1_234, 'en')).toBe('1.2 kB');
  expect(sizeOf(48_213, 'en')).toBe('47 kB');
  expect(sizeOf(10_485_760, 'en')).toBe('10 MB');
});

it('shows only plain pictures, as large as fits, and nothing too small to be hit', () => {
  expect(['image/png', 'image/svg+xml', 'image/heic'].map(isPicture)).toEqual([true, false, false]);
  expect(shownSize(2800, 1400)).toEqual({ width: 280, height: 140 });
  expect(shownSize(1000, 4000)).toEqual({ width: 60, height: 240 });
  expect(shownSize(100, 50)).toEqual({ width: 100, height: 50 });
  expect(shownSize(5000, 5)).toEqual({ width: 280, height: 44 });
  expect(shownSize(null, 50)).toEqual({ width: 200, height: 150 });
});

it('has all its words in both languages', () => {
  const [english, chinese] = [wordsOf(en), wordsOf(zh)];
  expect(chinese.map(([key]) => key).sort()).toEqual(english.map(([key]) => key).sort());
  expect(chinese.filter(([, text]) => !/\p{Script=Han}/u.test(text))).toEqual([]);
  expect(english.filter(([, text]) => text.trim() === '' || /\p{Script=Han}/u.test(text))).toEqual(
    [],
  );
});
