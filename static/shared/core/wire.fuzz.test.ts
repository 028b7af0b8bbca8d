// A server that is newer, broken or hostile cannot break a page: whatever it says, the reader makes a frame
// of it or nothing, and a Chat that was told it goes on.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Chat } from './chat';
import { memoryStore } from './env';
import {
  cases,
  conversation,
  FakeClock,
  FakeSocket,
  message,
  PROPERTY_MS,
  seqs,
  welcome,
} from './testing';
import { readFrame } from './wire';

const FRAMES: readonly object[] = [
  welcome({
    conversations: [conversation({ last_message: message(1) })],
    settings: { name: 'Kefu' },
  }),
  { type: 'resumed' },
  { type: 'pong' },
  {
    type: 'settings.changed',
    settings: { accent: {} },
    files: { bytes: 1, types: [], extensions: [] },
  },
  { type: 'message.accepted', ref: '1', conversation: '42', seq: 1, duplicate: false },
  { type: 'conversation.done', ref: '1' },
  { type: 'presence.done', ref: '1' },
  { type: 'queue', conversation: '42', position: 3 },
  { type: 'message.posted', ...message(1, { client_id: 'a' }) },
  { type: 'message.posted', ...message(2, { event: { name: 'taken', agent: null } }) },
  { type: 'history', ref: '1', conversation: '42', messages: [message(1), message(2)], more: true },
  {
    type: 'history',
    ref: '1',
    conversation: '42',
    messages: [3, 1, 2].map(n => message(n)),
    more: false,
  },
  { type: 'conversation.changed', conversation: conversation({ status: 'waiting', tags: [] }) },
  { type: 'conversation.tagged', conversation: '42', tags: [{ id: '1', name: 'vip' }] },
  {
    type: 'typing',
    conversation: '42',
    from: { role: 'agent', id: '1', name: 'Li Wei' },
    on: true,
  },
  { type: 'read', conversation: '42', role: 'agent', seq: 1 },
  { type: 'presence', role: 'agent', id: '1', name: 'Li Wei', online: true, away: false },
  {
    type: 'error',
    ref: null,
    code: 'rate_limited',
    message: '',
    retryable: true,
    retry_after_ms: 10,
  },
];

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1.5,
    1e300,
    2 ** 53,
    '',
    '42',
    '1',
    [],
    {},
    [null],
    [[]],
  ),
  fc.jsonValue(),
);

/** A frame in which some field, however deep, is something else, is not there, or is there as well. */
const mutated = fc
  .tuple(
    fc.constantFrom(...FRAMES),
    fc.array(fc.tuple(fc.nat(), junk, fc.nat(5)), { maxLength: 3 }),
  )
  .map(([frame, changes]) => {
    const copy = structuredClone(frame) as Record<string, unknown>;
    for (const [at, value, how] of changes) {
      const places: [Record<string, unknown>, string][] = [];
      const walk = (value: unknown) => {
        if (typeof value !== 'object' || value === null) return;
        for (const [key, inner] of Object.entries(value)) {
          places.push([value as Record<string, unknown>, key]);
          walk(inner);
        }
      };
      walk(copy);
      const place = places[at % places.length];
      if (place === undefined) break;
      const [parent, key] = place;
      // The type stays more often than not, or everything would be one that nobody knows.
      if (key === 'type' && parent === copy && at % 8 !== 0) continue;
      if (how === 0) delete parent[key];
      else parent[how === 1 ? `${key}x` : key] = structuredClone(value);
    }
    return JSON.stringify(copy);
  });

const cut = fc.tuple(mutated, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1)));
const anything = fc.oneof(
  { weight: 6, arbitrary: mutated },
  { weight: 1, arbitrary: cut },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);

/** No field that a page reads as a text is anything else, and no number is none. */
function check(value: unknown): void {
  expect(value).not.toBeUndefined();
  if (typeof value === 'number') expect(Number.isFinite(value) && value >= 0).toBe(true);
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) check(inner);
}

it(
  'reads a frame or nothing',
  () => {
    fc.assert(
      fc.property(anything, data => {
        const frame = readFrame(data);
        if (frame === null) return;
        check(frame);
        const messages =
          frame.type === 'message.posted'
            ? [frame.message]
            : frame.type === 'history'
              ? frame.messages
              : [];
        for (const message of messages) {
          expect(Number.isSafeInteger(message.seq) && message.seq > 0).toBe(true);
          const { conversation, kind, text, sent_at, from } = message;
          expect([conversation, kind, text, sent_at, from.role].map(one => typeof one)).toEqual(
            Array(5).fill('string'),
          );
        }
      }),
      cases(3_000),
    );
  },
  PROPERTY_MS,
);

it('reads back what is right', () => {
  for (const frame of FRAMES)
    expect(readFrame(JSON.stringify(frame)), JSON.stringify(frame)).toMatchObject({
      type: (frame as { type: string }).type,
    });
});

it(
  'goes on after whatever it was told',
  () => {
    fc.assert(
      fc.property(
        fc.constantFrom('customer' as const, 'agent' as const),
        fc.array(anything, { maxLength: 20, size: 'max' }),
        (side, told) => {
          const clock = new FakeClock();
          let socket: FakeSocket | undefined;
          let random = 0;
          const chat = new Chat({
            side,
            token: () => null,
            outboxKey: () => 'outbox',
            clock,
            random: () => 0,
            randomBytes: count => new Uint8Array(count).fill(++random),
            open: events => {
              socket = new FakeSocket(events);
              return socket;
            },
            tabStore: memoryStore(),
            browserOnline: () => true,
            changed: () => {},
          });
          chat.connection.start();
          socket?.open();
          socket?.tell(welcome({ conversations: [conversation({ last_seq: 3 })] }));
          chat.open('42');
          chat.outbox.add('42', 'before');
          for (const data of told) {
            socket?.tell(data);
            clock.pass(50);
            const held = seqs(chat.timeline('42')?.messages ?? []);
            expect(held).toEqual([...new Set(held)].sort((a, b) => a - b));
            chat.seen('42');
          }
          const { clientId } = chat.outbox.add('of its own', 'after');
          const posts = socket?.sent.filter(frame => frame.type === 'message.post') ?? [];
          expect(posts.map(post => post.client_id)).toContain(clientId);
        },
      ),
      cases(500),
    );
  },
  PROPERTY_MS,
);
