// What the list shows, row by row.

import { describe, expect, it } from 'vitest';
import type { Entry } from './outbox';
import { buildRows, type Row } from './rows';
import { message } from './testing';
import type { Message } from './wire';

const ME = { role: 'customer', id: '7', name: null };
const LI = { role: 'agent', id: '1', name: 'Li Wei' };
const ANA = { role: 'agent', id: '2', name: 'Ana' };
const NOON = new Date(2026, 10, 23, 12).getTime();
const at = (minutes: number) => new Date(NOON + minutes * 60_000).toISOString();

function entry(clientId: string, more: Partial<Entry> = {}): Entry {
  return {
    clientId,
    conversation: null,
    text: clientId,
    kind: 'text',
    file: null,
    writtenAt: NOON,
    state: 'queued',
    error: null,
    retryAt: null,
    seq: null,
    ...more,
  };
}

function rows(
  messages: Message[],
  more: { pending?: Entry[]; ownRole?: string; readUpTo?: number; connected?: boolean } = {},
): Row[] {
  const ownRole = more.ownRole ?? 'customer';
  const ownId = ownRole === 'customer' ? ME.id : LI.id;
  return buildRows({
    messages,
    pending: [],
    readUpTo: 0,
    connected: true,
    ...more,
    ownRole,
    isOwn: m => m.from.role === ownRole && m.from.id === ownId,
  });
}

const bubbles = (all: Row[]) => all.filter(row => row.kind === 'message');
const edges = (all: Row[]) =>
  bubbles(all).map(row => `${row.first ? '[' : ''}${row.text}${row.last ? ']' : ''}`);

describe('groups', () => {
  it('are one person’s messages within two minutes of each other', () => {
    const all = rows([
      message(1, { from: LI, text: 'a', sent_at: at(0) }),
      message(2, { from: LI, text: 'b', sent_at: at(1) }),
      message(3, { from: ANA, text: 'c', sent_at: at(1) }),
      message(4, { from: ME, text: 'd', sent_at: at(1) }),
      message(5, { from: ME, text: 'e', sent_at: at(3.1) }),
    ]);
    expect(edges(all)).toEqual(['[a', 'b]', '[c]', '[d]', '[e]']);
  });

  it('are parted by an event and by midnight', () => {
    const all = rows([
      message(1, { from: LI, text: 'a', sent_at: at(0) }),
      message(2, { from: LI, text: 'joined', kind: 'event', sent_at: at(0) }),
      message(3, { from: LI, text: 'b', sent_at: at(0) }),
      message(4, { from: LI, text: 'c', sent_at: at(11.99 * 60) }),
      message(5, { from: LI, text: 'd', sent_at: at(12 * 60) }),
    ]);
    expect(edges(all)).toEqual(['[a]', '[b]', '[c]', '[d]']);
    expect(all.map(row => row.kind).filter(kind => kind !== 'message')).toEqual([
      'day',
      'event',
      'day',
    ]);
  });

  it('keep notes and texts of one person apart', () => {
    const all = rows(
      [
        message(1, { from: LI, text: 'a', sent_at: at(0) }),
        message(2, { from: LI, text: 'b', kind: 'note', sent_at: at(0) }),
      ],
      { ownRole: 'agent', pending: [entry('c', { kind: 'note' })] },
    );
    expect(edges(all)).toEqual(['[a]', '[b', 'c]']);
    expect(bubbles(all).map(row => row.note)).toEqual([false, true, true]);
  });

  it('take in what I am sending', () => {
    const all = rows([message(1, { from: ME, text: 'a', sent_at: at(0) })], {
      pending: [entry('b')],
    });
    expect(edges(all)).toEqual(['[a', 'b]']);
  });
});

describe('sides', () => {
  it('are mine and theirs for a customer', () => {
    const all = rows([
      message(1, { from: ME }),
      message(2, { from: LI }),
      message(3, { from: ANA }),
    ]);
    expect(bubbles(all).map(row => row.side)).toEqual(['end', 'start', 'start']);
  });

  it('are the desk’s and the customer’s for an agent, colleagues apart from me', () => {
    const all = rows(
      [message(1, { from: ME }), message(2, { from: LI }), message(3, { from: ANA })],
      { ownRole: 'agent' },
    );
    expect(bubbles(all).map(row => `${row.side} ${row.own}`)).toEqual([
      'start false',
      'end true',
      'end false',
    ]);
  });
});

describe('states', () => {
  const mine = [1, 2, 3].map(seq => message(seq, { from: ME, client_id: `c${seq}` }));
  const states = (all: Row[]) => bubbles(all).map(row => row.state);

  it('are "read" under the last that was read and "sent" under the last of all', () => {
    expect(states(rows(mine))).toEqual([null, null, 'sent']);
    expect(states(rows(mine, { readUpTo: 2 }))).toEqual([null, 'read', 'sent']);
    expect(states(rows(mine, { readUpTo: 3 }))).toEqual([null, null, 'read']);
  });

  it('are not told by a note, which nobody on the other side reads', () => {
    const all = [...mine, message(4, { from: ME, client_id: 'c4', kind: 'note' })];
    expect(states(rows(all, { readUpTo: 4 }))).toEqual([null, null, 'read', null]);
  });

  it('of what waits are told from what is under way', () => {
    const pending = [
      entry('a', { state: 'sent', seq: 4 }),
      entry('b', { state: 'failed', error: 'text_too_long' }),
      entry('c', { state: 'sending' }),
      entry('d'),
    ];
    expect(states(rows([], { pending }))).toEqual(['sent', 'failed', 'sending', 'sending']);
    expect(states(rows([], { pending, connected: false }))).toEqual([
      'sent',
      'failed',
      'sending',
      'waiting',
    ]);
  });
});

it('keeps the key of a message from writing to reading, so that its element stays', () => {
  const before = bubbles(rows([], { pending: [entry('x')] }))[0];
  const after = bubbles(rows([message(9, { from: ME, client_id: 'x' })]))[0];
  expect(after?.key).toBe(before?.key);
});

it('never gives two rows one key, also where a stranger copies my client_id', () => {
  const all = rows([
    message(1, { from: ME, client_id: 'x' }),
    message(2, { from: LI, client_id: 'x' }),
  ]);
  const keys = all.map(row => row.key);
  expect(new Set(keys).size).toBe(keys.length);
});

it('shows kinds that it does not know as text, and the system’s words as events', () => {
  const all = rows([
    message(1, { kind: 'sticker', text: 'a' }),
    message(2, { from: { role: 'system', id: null, name: null }, text: 'b' }),
    message(3, { sent_at: 'no time', text: 'c' }),
  ]);
  expect(all.map(row => row.kind)).toEqual(['day', 'message', 'event', 'message']);
});
