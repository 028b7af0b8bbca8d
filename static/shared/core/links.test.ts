// What is a link and what is not, as one table: brackets mark what must be linked.

import { expect, it } from 'vitest';
import { splitLinks } from './links';

const TABLE = [
  'nothing here',
  '看[https://example.com/a]，谢谢',
  '[https://example.com]。',
  '（[https://example.com/路]',
  'see [https://example.com/a].',
  'see [https://example.com/a], or [http://b.example/?q=1&r=2#x]!',
  '([https://example.com/a])',
  '[https://en.example.org/wiki/A_(b)]',
  '([https://en.example.org/wiki/A_(b)])',
  '"[https://example.com/a]"',
  '<[https://example.com/a]>',
  '[HTTPS://EXAMPLE.COM/A]',
  '[https://example.com:8080/a?b=c%20d]...',
  '[http://127.0.0.1:8080/]',
  '[http://[::1]:8080/x]',
  '[https://example.com/a]\n[https://example.com/b]',
  '[https://example.com/a]、[https://example.com/b]；',
  '“[https://example.com/a]”',
  'xhttps://example.com',
  'javascript:alert(1)',
  'ftp://example.com',
  'http://',
  'https://?',
  'https://bank.example@evil.example/',
  'www.example.com',
  'a@b.example',
];

/** The text with its links in brackets; a link to anything but its own text would show. */
function marked(text: string): string {
  return splitLinks(text)
    .map(piece => (piece.href === null ? piece.text : `[${piece.href}]`))
    .join('');
}

// The one address with brackets of its own, and the one that a Chinese character cuts.
const RAW: Readonly<Record<string, string>> = {
  '[http://[::1]:8080/x]': 'http://[::1]:8080/x',
  '（[https://example.com/路]': '（https://example.com/路',
};
const EXPECTED: Readonly<Record<string, string>> = {
  '（[https://example.com/路]': '（[https://example.com/]路',
};

it.each(TABLE)('%s', row => {
  const text = RAW[row] ?? row.replaceAll('[', '').replaceAll(']', '');
  expect(marked(text)).toBe(EXPECTED[row] ?? row);
  expect(
    splitLinks(text)
      .map(piece => piece.text)
      .join(''),
  ).toBe(text);
});

it('is quick on long hostile text', () => {
  const started = performance.now();
  splitLinks('https://a.example/'.concat('(('.repeat(2000), '))'.repeat(2000)));
  splitLinks('https://'.repeat(2000));
  splitLinks(`https://a.example/${'.'.repeat(16_000)}`);
  splitLinks(`https://a.example/${')'.repeat(16_000)}`);
  expect(performance.now() - started).toBeLessThan(500);
});
