import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../shared/core/wire';
import { countOf, demands, someoneWaits, stands } from './demands';

const ME = '1';

interface Made {
  id?: string;
  status?: string;
  agent?: string | null;
  seq?: number;
  from?: string;
  unread?: number;
  shared?: boolean;
  silent?: boolean;
}

function made({ id = '7', status = 'waiting', agent = null, seq = 1, ...more }: Made) {
  return {
    id,
    status,
    agent: agent === null ? null : { id: agent, name: null },
    customer: more.shared ? null : { id: '9', name: null, online: true },
    unread: more.unread ?? 0,
    last_message: more.silent
      ? null
      : { seq, from: { role: more.from ?? 'customer', id: '9', name: null } },
  } as unknown as Conversation;
}

const calls = (before: Made[], after: Made[]) =>
  demands(stands(before.map(made), ME), after.map(made), ME).map(
    ({ conversation, why }) => `${conversation.id} ${why}`,
  );

describe('what calls an agent', () => {
  it('is somebody new in the queue, and one who comes back to it', () => {
    expect(calls([], [{}])).toEqual(['7 waiting']);
    expect(calls([{ status: 'open', agent: '2' }], [{}])).toEqual(['7 waiting']);
    expect(calls([{ status: 'closed', agent: ME }], [{ seq: 2 }])).toEqual(['7 waiting']);
  });

  it('is a new one once, with its text, which comes a moment after it', () => {
    expect(calls([], [{ silent: true }])).toEqual([]);
    expect(calls([{ silent: true }], [{}])).toEqual(['7 waiting']);
  });

  it('is what a waiting customer adds', () => {
    expect(calls([{}], [{ seq: 2 }])).toEqual(['7 written']);
  });

  it('is a customer’s text in a conversation of their own, and no answer', () => {
    const mine = { status: 'open', agent: ME };
    expect(calls([mine], [{ ...mine, seq: 2 }])).toEqual(['7 written']);
    expect(calls([mine], [{ ...mine, seq: 2, from: 'agent' }])).toEqual([]);
    expect(calls([mine], [mine])).toEqual([]);
  });

  it('is a conversation that was handed to them', () => {
    const other = { status: 'open', agent: '2' };
    expect(calls([other], [{ status: 'open', agent: ME }])).toEqual(['7 handed']);
  });

  it('is nothing of a colleague’s, and nothing that has ended', () => {
    const other = { status: 'open', agent: '2' };
    expect(calls([other], [{ ...other, seq: 5 }])).toEqual([]);
    expect(calls([{}], [{ status: 'closed', seq: 3 }])).toEqual([]);
  });

  it('is every customer’s text where all share one conversation', () => {
    const shared = { shared: true, status: 'open' };
    expect(calls([shared], [{ ...shared, seq: 2 }])).toEqual(['7 written']);
    expect(calls([shared], [{ ...shared, seq: 2, from: 'agent' }])).toEqual([]);
  });
});

it('counts what is unread in the queue and in one’s own, not in a colleague’s', () => {
  const list = [
    made({ id: '1', unread: 4 }),
    made({ id: '2', status: 'open', agent: ME, unread: 2 }),
    made({ id: '3', status: 'open', agent: '2', unread: 9 }),
    made({ id: '4', status: 'closed', agent: ME, unread: 1 }),
  ];
  expect(countOf(list, ME)).toBe(6);
  expect(someoneWaits(list)).toBe(true);
  expect(someoneWaits(list.slice(1))).toBe(false);
});
