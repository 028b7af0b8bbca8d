import { expect, test } from 'vitest';
import { fieldsOf, raised, read } from './rules';

test('rules come back as they went into the fields', () => {
  const rules = [
    { status: null, tag: 'VIP', days: null },
    { status: 'closed', tag: null, days: 365 },
  ];
  expect(read(fieldsOf(rules))).toEqual({ rules, wrong: null });
});

test('days that are none are named', () => {
  const field = (days: string) => [{ key: 0, status: 'closed', tag: '', days }];
  for (const days of ['0', '36501', '-1', '1.5', 'a year', '1e3']) {
    expect(read([...field('7'), ...field(days)])).toEqual({ rules: null, wrong: 'rules.1.days' });
  }
  for (const days of ['1', ' 36500 ']) {
    expect(read(field(days)).rules).toEqual([{ status: 'closed', tag: null, days: Number(days) }]);
  }
});

test('a rule is moved up', () => {
  expect(raised(['a', 'b', 'c'], 2)).toEqual(['a', 'c', 'b']);
  expect(raised(['a', 'b', 'c'], 1)).toEqual(['b', 'a', 'c']);
  expect(raised(['a', 'b'], 0)).toEqual(['a', 'b']);
});
