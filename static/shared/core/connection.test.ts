// The state machine of the connection: when it is online, when it dials again, when it gives up.

import { describe, expect, it } from 'vitest';
import { Connection, type Phase } from './connection';
import { FakeClock, FakeSocket, welcome } from './testing';
import type { ServerFrame } from './wire';

function setUp({ random = 1 } = {}) {
  const clock = new FakeClock();
  const dials: FakeSocket[] = [];
  const phases: Phase[] = [];
  const frames: ServerFrame[] = [];
  const browser = { online: true };
  const connection = new Connection({
    clock,
    random: () => random,
    open: events => {
      const socket = new FakeSocket(events);
      dials.push(socket);
      return socket;
    },
    hello: () => ({ type: 'hello', as: 'customer', token: 't', resume: { '42': dials.length } }),
    browserOnline: () => browser.online,
    frame: frame => frames.push(frame),
    changed: phase => phases.push(phase),
  });
  const last = () => dials.at(-1) as FakeSocket;
  const comeOnline = () => {
    last().open();
    last().tell(welcome());
  };
  return { clock, dials, phases, frames, browser, connection, last, comeOnline };
}

describe('becoming online', () => {
  it('is online when welcome came, not when the socket opened', () => {
    const t = setUp();
    t.connection.start();
    t.last().open();
    expect(t.connection.phase).toBe('connecting');
    expect(t.last().sent).toEqual([
      { type: 'hello', as: 'customer', token: 't', resume: { '42': 1 } },
    ]);
    expect(t.connection.send({ type: 'ping' })).toBe(false);
    t.last().tell(welcome());
    expect(t.phases).toEqual(['connecting', 'online']);
    expect(t.connection.send({ type: 'ping' })).toBe(true);
  });

  it('dials again when no welcome comes', () => {
    const t = setUp();
    t.connection.start();
    t.last().open();
    t.clock.pass(14_999);
    expect(t.connection.phase).toBe('connecting');
    t.clock.pass(1);
    expect(t.connection.phase).toBe('reconnecting');
    expect(t.dials[0]?.closedByPage).toBe(true);
  });

  it('makes hello anew for each dial', () => {
    const t = setUp();
    t.connection.start();
    t.last().shut(1006);
    t.connection.wake();
    t.last().open();
    expect(t.last().sent[0]).toMatchObject({ resume: { '42': 2 } });
  });

  it('ignores what is no frame', () => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    for (const bad of ['', 'null', '[]', '{"type":7}', '{"type":"new.thing"}', '{"type":"read"}']) {
      t.last().tell(bad);
    }
    expect(t.frames.map(frame => frame.type)).toEqual(['welcome']);
    expect(t.connection.phase).toBe('online');
  });
});

describe('back-off', () => {
  it('waits 200 ms and up to twice as long each time, at most 30 s more, and never gives up', () => {
    const t = setUp({ random: 1 });
    t.connection.start();
    const waits = [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000];
    for (const [i, wait] of waits.entries()) {
      t.last().shut(1006);
      expect(t.connection.phase).toBe('reconnecting');
      t.clock.pass(200 + wait - 1);
      expect(t.dials).toHaveLength(i + 1);
      t.clock.pass(1);
      expect(t.dials).toHaveLength(i + 2);
    }
  });

  it('is spread by chance, so that a restarted server is not dialled by all at once', () => {
    const t = setUp({ random: 0 });
    t.connection.start();
    t.last().shut(1001);
    t.clock.pass(199);
    expect(t.dials).toHaveLength(1);
    t.clock.pass(1);
    expect(t.dials).toHaveLength(2);
  });

  it('begins anew after a good connection, not after one that was dropped at once', () => {
    const t = setUp();
    t.connection.start();
    t.last().shut(1006);
    t.clock.pass(700);
    t.comeOnline();
    t.last().shut(1006);
    t.clock.pass(700);
    expect(t.dials).toHaveLength(2);
    t.clock.pass(500);
    expect(t.dials).toHaveLength(3);
    t.comeOnline();
    t.clock.pass(5_000);
    t.last().shut(1006);
    t.clock.pass(700);
    expect(t.dials).toHaveLength(4);
  });

  it('waits longer where there were too many connections', () => {
    const t = setUp();
    t.connection.start();
    t.last().shut(4029);
    t.clock.pass(8_000);
    expect(t.dials).toHaveLength(1);
    t.clock.pass(200);
    expect(t.dials).toHaveLength(2);
  });

  it.each(['network', 'button'])('is cut short by waking (%s)', () => {
    const t = setUp();
    t.connection.start();
    t.last().shut(1006);
    t.connection.wake();
    expect(t.dials).toHaveLength(2);
    expect(t.connection.phase).toBe('connecting');
    t.clock.pass(10_000);
    expect(t.dials).toHaveLength(2);
  });
});

describe('silence', () => {
  it('pings after the heartbeat and takes the connection for dead 10 s later', () => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    t.clock.pass(24_999);
    expect(t.last().sent).toHaveLength(1);
    t.clock.pass(1);
    expect(t.last().sent.at(-1)).toEqual({ type: 'ping' });
    t.clock.pass(9_999);
    expect(t.connection.phase).toBe('online');
    t.clock.pass(1);
    expect(t.connection.phase).toBe('reconnecting');
  });

  it('is broken by any frame', () => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    t.clock.pass(25_000);
    t.last().tell({ type: 'pong' });
    t.clock.pass(24_999);
    expect(t.last().sent.filter(frame => frame.type === 'ping')).toHaveLength(1);
    expect(t.connection.phase).toBe('online');
  });

  it('is doubted at once when the page wakes', () => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    t.clock.pass(6_000);
    t.connection.wake();
    expect(t.last().sent.at(-1)).toEqual({ type: 'ping' });
    expect(t.dials).toHaveLength(1);
  });
});

describe('the end', () => {
  it('comes back by itself when the time is over for which it was kept out', () => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    t.dials[0]?.tell({
      type: 'error',
      ref: null,
      code: 'blocked',
      message: '',
      retryable: false,
      retry_after_ms: 3_600_000,
      until: '2026-11-25T09:00:00.000Z',
    });
    t.dials[0]?.shut(4503);
    expect(t.connection.phase).toBe('closed');
    expect(t.connection.refusal?.code).toBe('blocked');
    t.connection.wake();
    t.clock.pass(3_599_000);
    expect(t.dials).toHaveLength(1);
    t.clock.pass(1_000);
    expect(t.dials).toHaveLength(2);
    expect(t.connection.refusal).toBeNull();
  });

  it('stays away for good where no time was said', () => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    t.dials[0]?.tell({ type: 'error', ref: null, code: 'blocked', message: '', retryable: false });
    t.dials[0]?.shut(4503);
    t.clock.pass(100 * 86_400_000);
    expect(t.dials).toHaveLength(1);
  });

  it('waits as long as the server said before it dials again', () => {
    const t = setUp();
    t.connection.start();
    t.dials[0]?.open();
    t.dials[0]?.tell({
      type: 'error',
      ref: null,
      code: 'too_many_connections',
      message: '',
      retryable: true,
      retry_after_ms: 10_000,
    });
    t.dials[0]?.shut(4029);
    expect(t.connection.retryAt).not.toBeNull();
    t.clock.pass(10_000);
    expect(t.dials).toHaveLength(1);
    t.clock.pass(60_000);
    expect(t.dials.length).toBeGreaterThan(1);
  });

  it.each([4500, 4999])('stays closed after %i, whatever happens', code => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    t.last().shut(code);
    t.connection.wake();
    t.connection.networkLost();
    t.clock.pass(3_600_000);
    expect(t.connection.phase).toBe('closed');
    expect(t.connection.closeCode).toBe(code);
    expect(t.dials).toHaveLength(1);
  });

  it.each([1000, 1001, 1006, 1009, 4000, 4008, 4499])('dials again after %i', code => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    t.last().shut(code);
    expect(t.connection.phase).toBe('reconnecting');
  });

  it('hears nothing more from a socket that it left', () => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    t.connection.networkLost();
    t.dials[0]?.tell({ type: 'pong' });
    t.dials[0]?.shut(4500);
    expect(t.frames.map(frame => frame.type)).toEqual(['welcome']);
    expect(t.connection.phase).toBe('reconnecting');
  });
});

describe('offline', () => {
  it('is what the browser says, and ends when the network is back', () => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    t.browser.online = false;
    t.connection.networkLost();
    expect(t.connection.phase).toBe('offline');
    expect(t.dials[0]?.closedByPage).toBe(true);
    t.browser.online = true;
    t.connection.wake();
    expect(t.connection.phase).toBe('connecting');
  });

  it('is tried past in silence, for browsers are sometimes wrong', () => {
    const t = setUp();
    t.connection.start();
    t.comeOnline();
    t.browser.online = false;
    t.connection.networkLost();
    t.clock.pass(700);
    expect(t.dials).toHaveLength(2);
    expect(t.connection.phase).toBe('offline');
    t.comeOnline();
    expect(t.connection.phase).toBe('online');
  });
});
