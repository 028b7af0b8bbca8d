// The small parts: keys and tokens, drafts, and what a text may be.

import { describe, expect, it } from 'vitest';
import { Drafts } from './drafts';
import { memoryStore } from './env';
import { customerToken, newClientId } from './ids';
import { charactersLeft, tidy } from './text';

const bytes = (fill: number) => (count: number) => new Uint8Array(count).fill(fill);

describe('the customer’s token', () => {
  it('is 43 characters of base64url, made once and kept', () => {
    const store = memoryStore();
    const first = customerToken(store, bytes(0xff));
    expect(first.token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(first.isNew).toBe(true);
    expect(customerToken(store, bytes(1))).toEqual({ token: first.token, isNew: false });
    expect(customerToken(memoryStore(), bytes(1)).token).not.toBe(first.token);
  });

  it('is made anew where what was kept is none', () => {
    const store = memoryStore();
    store.set('kefu.customer', 'short');
    expect(customerToken(store, bytes(3)).token).toHaveLength(43);
  });
});

it('makes client ids that are UUIDs of version 4', () => {
  expect(newClientId(bytes(0xff))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
  expect(newClientId(bytes(0))).toBe('00000000-0000-4000-8000-000000000000');
});

it('keeps a draft for each conversation, and none when it is empty', () => {
  const store = memoryStore();
  const drafts = new Drafts(store, 'd.');
  drafts.set('42', 'one');
  expect(new Drafts(store, 'd.').get('42')).toBe('one');
  expect(drafts.get('57')).toBe('');
  drafts.set('42', '');
  expect(store.get('d.42')).toBeNull();
});

describe('a text', () => {
  it.each([
    ['  hello  ', '  hello'],
    ['\n\n  indented\nline\n\n', '  indented\nline'],
    ['a\0b', 'ab'],
    ['half \ud83d of a pair', 'half \ufffd of a pair'],
    ['whole 😀', 'whole 😀'],
    [' \n\t ', ''],
  ])('%j is sent as %j', (written, sent) => {
    expect(tidy(written)).toBe(sent);
  });

  it('is counted in characters as the server counts them, and in bytes', () => {
    const limits = { text_chars: 10, text_bytes: 24 };
    expect(charactersLeft('', limits)).toBe(10);
    expect(charactersLeft('😀😀', limits)).toBe(8);
    expect(charactersLeft('hello hello', limits)).toBe(-1);
    expect(charactersLeft('😀'.repeat(7), limits)).toBe(-1);
  });
});
