// What holds of links in any text whatever; the table of what is one and what is not is beside it.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitLinks } from './links';
import { cases, PROPERTY_MS } from './testing';

/** What stands around addresses in Chinese and must never become part of one. */
const CHINESE = [
  '，',
  '。',
  '、',
  '；',
  '：',
  '？',
  '！',
  '（',
  '）',
  '「',
  '」',
  '《',
  '》',
  '“',
  '”',
  '…',
];
const PARTS = [
  ...[
    'http://',
    'https://',
    'HTTPS://',
    'http:/',
    'javascript:',
    'data:',
    'mailto:',
    'ftp://',
    '//',
  ],
  ...[
    'example.com',
    'a.example',
    '127.0.0.1',
    '[::1]',
    ':8080',
    ':99999',
    '/a',
    '/路',
    '?q=1',
    '#x',
  ],
  ...[
    '%20',
    '%',
    '@',
    'user:pass@',
    '.',
    '..',
    ',',
    '!',
    "'",
    '*',
    '(',
    ')',
    '[',
    ']',
    '<',
    '>',
    '"',
  ],
  ...[' ', '\n', '\t', '\0', '\\', 'x', 'é', '你', '😀', '\ud800', '\udc00', '\u202e', '\u200b'],
  ...CHINESE,
];

const anyText = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...PARTS) },
      { weight: 1, arbitrary: fc.webUrl({ withQueryParameters: true, withFragments: true }) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
    ),
    { maxLength: 24, size: 'max' },
  )
  .map(parts => parts.join(''));

it(
  'says every character once, and links to web addresses and to nothing else',
  () => {
    fc.assert(
      fc.property(anyText, text => {
        const pieces = splitLinks(text);
        expect(pieces.map(piece => piece.text).join('')).toBe(text);
        for (const { text, href } of pieces) {
          expect(text).not.toBe('');
          if (href === null) continue;
          // What is shown is where it goes.
          expect(href).toBe(text);
          const url = new URL(href);
          expect(['http:', 'https:']).toContain(url.protocol);
          expect(url.username + url.password).toBe('');
          expect(href).toMatch(/^[!-~]+$/);
          expect(splitLinks(href)).toEqual([{ text, href }]);
        }
      }),
      cases(2_000),
    );
  },
  PROPERTY_MS,
);

it(
  'finds an address between Chinese characters as it is',
  () => {
    const around = fc.constantFrom('', '看', '谢谢', ...CHINESE);
    const address = fc
      .webUrl({ withQueryParameters: true, withFragments: true })
      .filter(address => /[A-Za-z0-9/]$/.test(address));
    fc.assert(
      fc.property(around, address, around, (before, address, after) => {
        const links = splitLinks(before + address + after).filter(piece => piece.href !== null);
        expect(links).toEqual([{ text: address, href: address }]);
      }),
      cases(1_000),
    );
  },
  PROPERTY_MS,
);
