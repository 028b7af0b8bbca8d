import { expect, test } from 'vitest';
import { viewOf } from '../views';
import { read, write } from './place';

const today = new Date(2026, 10, 25, 12);

test('without an address it is the last seven days here, of everybody', () => {
  const asked = read(new URLSearchParams('view=reports&from='), today, 'Asia/Shanghai');
  expect(asked).toEqual({ from: '2026-11-19', to: '2026-11-25', tz: 'Asia/Shanghai', agent: '' });
});

test('an address leads to the same', () => {
  const asked = { from: '2026-01-01', to: '2026-01-31', tz: 'America/New_York', agent: '3' };
  expect(read(write(asked), today, 'UTC')).toEqual(asked);
  expect(viewOf(write(asked))).toBe('reports');
});
