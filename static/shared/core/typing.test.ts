// "… is typing" is told seldom and believed briefly.

import { describe, expect, it } from 'vitest';
import { FakeClock } from './testing';
import { TypingTeller, Typists } from './typing';

describe('our own', () => {
  function setUp() {
    const clock = new FakeClock();
    const told: string[] = [];
    const teller = new TypingTeller(clock, (id, on) => told.push(`${id} ${on ? 'on' : 'off'}`));
    return { clock, told, teller };
  }

  it('is told at most every 3 s', () => {
    const { clock, told, teller } = setUp();
    for (let i = 0; i < 61; i += 1) {
      teller.typed('42', false);
      clock.pass(100);
    }
    expect(told).toEqual(['42 on', '42 on', '42 on']);
  });

  it('ends with the draft, once, and not when the others have forgotten it', () => {
    const { clock, told, teller } = setUp();
    teller.typed('42', true);
    teller.typed('42', false);
    teller.typed('42', true);
    teller.stopped('42');
    expect(told).toEqual(['42 on', '42 off']);
    teller.typed('42', false);
    clock.pass(6_000);
    teller.stopped('42');
    expect(told).toHaveLength(3);
  });
});

describe('the others’', () => {
  const li = { role: 'agent', id: '1', name: 'Li Wei' };

  it('is shown for 6 s after the last word of it', () => {
    const clock = new FakeClock();
    const typists = new Typists(clock, () => {});
    typists.heard('42', li, true);
    clock.pass(5_000);
    typists.heard('42', li, true);
    clock.pass(5_999);
    expect(typists.in('42')).toEqual([li]);
    expect(typists.in('57')).toEqual([]);
    clock.pass(1);
    expect(typists.in('42')).toEqual([]);
  });

  it('ends when they say so, for them alone', () => {
    const typists = new Typists(new FakeClock(), () => {});
    typists.heard('42', li, true);
    typists.heard('42', { ...li, id: '2' }, true);
    typists.heard('42', li, false);
    expect(typists.in('42').map(person => person.id)).toEqual(['2']);
  });
});
