// What an agent asks to be done, and what is known of it.

import { expect, it } from 'vitest';
import { Deeds, MYSELF } from './deeds';
import { FakeClock } from './testing';
import type { ClientFrame } from './wire';

function setUp() {
  const clock = new FakeClock();
  const sent: ClientFrame[] = [];
  const wire = { up: true };
  let refs = 0;
  const deeds = new Deeds({
    clock,
    newRef: () => {
      refs += 1;
      return String(refs);
    },
    send: frame => {
      if (wire.up) sent.push(frame);
      return wire.up;
    },
    changed: () => {},
  });
  const error = (ref: string | null, code: string) =>
    ({
      type: 'error',
      ref,
      code,
      message: '',
      retryable: false,
      retry_after_ms: null,
      until: null,
    }) as const;
  return { clock, sent, deeds, error, wire };
}

it('are asked for one at a time in a conversation, and are done when that is said', () => {
  const { deeds, sent } = setUp();
  deeds.do('42', 'take');
  deeds.do('42', 'close');
  deeds.do('57', 'transfer', '2');
  deeds.do('58', 'transfer', null);
  expect(sent).toEqual([
    { type: 'conversation.take', ref: '1', conversation: '42' },
    { type: 'conversation.transfer', ref: '2', conversation: '57', to: '2' },
    { type: 'conversation.transfer', ref: '3', conversation: '58', to: null },
  ]);
  expect(deeds.busy('42')).toBe(true);
  deeds.done({ type: 'conversation.done', ref: '1' });
  deeds.done({ type: 'conversation.done', ref: '99' });
  expect([deeds.busy('42'), deeds.busy('57')]).toEqual([false, true]);
});

it('are refused by their own error only, and the next try forgets it', () => {
  const { deeds, error } = setUp();
  deeds.do('42', 'take');
  expect(deeds.refused(error(null, 'internal'))).toBe(false);
  expect(deeds.refused(error('9', 'internal'))).toBe(false);
  expect(deeds.refused(error('1', 'conversation_taken'))).toBe(true);
  expect(deeds.problem('42')).toBe('conversation_taken');
  deeds.do('42', 'take');
  expect(deeds.problem('42')).toBeNull();
});

it('fail by silence, and by being out of reach', () => {
  const { clock, deeds, wire } = setUp();
  deeds.do('42', 'take');
  clock.pass(10_000);
  expect([deeds.busy('42'), deeds.problem('42')]).toEqual([false, 'no_answer']);
  wire.up = false;
  deeds.do('42', 'take');
  expect([deeds.busy('42'), deeds.problem('42')]).toEqual([false, 'unreachable']);
});

it('are about oneself, too', () => {
  const { deeds, sent } = setUp();
  deeds.setAway(true);
  deeds.setAway(false);
  deeds.do('42', 'take');
  expect(sent[0]).toEqual({ type: 'presence.set', ref: '1', away: true });
  expect([sent.length, deeds.busy(MYSELF)]).toEqual([2, true]);
  deeds.done({ type: 'presence.done', ref: '1' });
  expect([deeds.busy(MYSELF), deeds.busy('42')]).toEqual([false, true]);
});

it('are forgotten with the connection: the next welcome tells how things stand', () => {
  const { clock, deeds } = setUp();
  deeds.do('42', 'take');
  deeds.disconnected();
  clock.pass(10_000);
  expect([deeds.busy('42'), deeds.problem('42')]).toEqual([false, null]);
});
