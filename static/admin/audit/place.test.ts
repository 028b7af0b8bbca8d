import { expect, test } from 'vitest';
import { queryOf, read, write } from './place';

const asked = { from: '2026-11-24', to: '2026-11-25', agent: '3', action: 'signed_in' };

test('an address leads to the same', () => {
  expect(read(write(asked))).toEqual(asked);
  expect(read(new URLSearchParams('view=audit'))).toEqual({
    from: '',
    to: '',
    agent: '',
    action: '',
  });
});

test('the server is asked for moments, and the last day counts', () => {
  const query = queryOf(asked);
  expect(query.get('from')).toBe(new Date(2026, 10, 24).toISOString());
  expect(query.get('to')).toBe(new Date(2026, 10, 26).toISOString());
  expect([query.get('agent'), query.get('action')]).toEqual(['3', 'signed_in']);
  expect(queryOf(read(new URLSearchParams())).size).toBe(0);
});

test('what is no date reaches the server as it is', () => {
  expect(queryOf({ ...asked, from: 'yesterday' }).get('from')).toBe('yesterday');
});
