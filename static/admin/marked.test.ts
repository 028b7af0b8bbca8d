import { expect, test } from 'vitest';
import { marked } from './marked';

test('every place of every word is marked, whatever the signs', () => {
  expect(marked('Refund? refund!', 'REFUND')).toEqual([
    { text: 'Refund', hit: true },
    { text: '? ', hit: false },
    { text: 'refund', hit: true },
    { text: '!', hit: false },
  ]);
  expect(marked('100% (a.b)', '% a.b').filter(piece => piece.hit)).toEqual([
    { text: '%', hit: true },
    { text: 'a.b', hit: true },
  ]);
  expect(marked('我要退款👋', '退 👋').map(piece => piece.text)).toEqual([
    '我要',
    '退',
    '款',
    '👋',
  ]);
});

test('without words nothing is marked', () => {
  expect(marked('a', '  ')).toEqual([{ text: 'a', hit: false }]);
});
