import { expect, test } from 'vitest';
import { queryOf, read, usual, write } from './place';

const today = new Date(2026, 10, 25, 12);

test('without an address it is the last seven days', () => {
  const { filter, open } = read(new URLSearchParams(), today);
  expect(filter).toEqual(usual(today));
  expect([filter.from, filter.to, open]).toEqual(['2026-11-19', '2026-11-25', null]);
});

test('an address leads to the same place', () => {
  const place = {
    filter: { ...usual(today), from: '', q: '退款 100%', status: 'closed' },
    open: '42',
  };
  expect(read(write(place), today)).toEqual(place);
});

test('an empty filter is one, too', () => {
  const nothing = Object.fromEntries(Object.keys(usual(today)).map(name => [name, '']));
  const place = { filter: { ...usual(today), ...nothing }, open: null };
  expect(read(write(place), today)).toEqual(place);
  expect(queryOf(place.filter).size).toBe(0);
});

test('what is no conversation opens none', () => {
  for (const bad of ['', 'x', '-1', '1e3', '99999999999999999999']) {
    expect(read(new URLSearchParams({ conversation: bad }), today).open).toBeNull();
  }
});
