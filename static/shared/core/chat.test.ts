// The parts of a Chat together, against a server that the test plays: what is sent, what is
// resumed, and whose messages are whose.

import { describe, expect, it } from 'vitest';
import { Chat } from './chat';
import { memoryStore } from './env';
import { conversation, FakeClock, FakeSocket, message, seqs, welcome } from './testing';
import type { ClientFrame, Message, Side } from './wire';

const CUSTOMER = { role: 'customer', id: '7', name: null };
const AGENT = { role: 'agent', id: '1', name: 'Li Wei' };

function setUp({ side = 'customer' as Side, store = memoryStore() } = {}) {
  const clock = new FakeClock();
  const dials: FakeSocket[] = [];
  let random = 0;
  const chat = new Chat({
    side,
    token: () => (side === 'customer' ? 'token' : null),
    outboxKey: me => (side === 'customer' ? 'customer' : me.id),
    clock,
    random: () => 0,
    randomBytes: count => new Uint8Array(count).fill(++random),
    open: events => {
      const socket = new FakeSocket(events);
      dials.push(socket);
      return socket;
    },
    tabStore: store,
    browserOnline: () => true,
    changed: () => {},
  });
  chat.connection.start();
  const socket = () => dials.at(-1) as FakeSocket;
  const greet = (more: object = {}) => {
    socket().open();
    socket().tell(welcome(more));
  };
  const reconnect = (more: object = {}) => {
    socket().shut(1001);
    chat.connection.wake();
    greet(more);
  };
  const tell = (frame: object) => socket().tell(frame);
  const posted = (m: Message) => tell({ type: 'message.posted', ...m });
  const sent = <T extends ClientFrame['type']>(type: T) =>
    socket().sent.filter((f): f is Extract<ClientFrame, { type: T }> => f.type === type);
  const answerHistory = (messages: Message[], more: boolean) => {
    const ref = sent('history').at(-1)?.ref;
    tell({ type: 'history', ref, conversation: '42', messages, more });
  };
  const held = () => seqs(chat.timeline('42')?.messages ?? []);
  return {
    chat,
    clock,
    dials,
    store,
    greet,
    reconnect,
    tell,
    posted,
    sent,
    answerHistory,
    held,
    socket,
  };
}

describe('the first message', () => {
  it('opens a conversation, tells me who I am, and leaves nothing waiting', () => {
    const t = setUp();
    t.greet();
    const { clientId } = t.chat.outbox.add(null, 'Hello!');
    expect(t.sent('message.post')[0]).toMatchObject({ conversation: null, client_id: clientId });
    t.tell({ type: 'conversation.changed', conversation: conversation({ status: 'waiting' }) });
    const ref = t.sent('message.post')[0]?.ref;
    t.tell({ type: 'message.accepted', ref, conversation: '42', seq: 1 });
    t.posted(message(1, { from: CUSTOMER, client_id: clientId }));
    expect(t.chat.outbox.entries).toEqual([]);
    expect(t.chat.me.id).toBe('7');
    expect(t.held()).toEqual([1]);
    expect(t.chat.directory.current?.id).toBe('42');
  });

  it('that was stored while the server died is neither lost nor repeated', () => {
    const before = setUp();
    before.greet();
    const { clientId } = before.chat.outbox.add(null, 'Hello!');
    const after = setUp({ store: before.store });
    after.greet({ me: CUSTOMER, conversations: [conversation({ last_seq: 1 })] });
    after.chat.open('42');
    const again = after.sent('message.post')[0];
    expect(again?.client_id).toBe(clientId);
    after.answerHistory([message(1, { from: CUSTOMER, client_id: clientId })], false);
    expect(after.chat.outbox.entries).toEqual([]);
    after.tell({
      type: 'message.accepted',
      ref: again?.ref,
      conversation: '42',
      seq: 1,
      duplicate: true,
    });
    expect(after.chat.outbox.entries).toEqual([]);
    expect(after.held()).toEqual([1]);
  });
});

describe('resume', () => {
  it('names what the timelines hold, and takes what comes after it', () => {
    const t = setUp();
    t.greet({ me: CUSTOMER, conversations: [conversation({ last_seq: 3 })] });
    t.chat.open('42');
    t.answerHistory([message(2), message(3)], true);
    t.posted(message(4));
    t.reconnect({ me: CUSTOMER, conversations: [conversation({ last_seq: 6 })] });
    expect(t.sent('hello')[0]?.resume).toEqual({ '42': 4 });
    expect(t.sent('history')).toEqual([]);
    t.posted(message(5));
    t.posted(message(6));
    expect(t.held()).toEqual([2, 3, 4, 5, 6]);
  });

  it('does not name what was never loaded, but loads it', () => {
    const t = setUp();
    t.greet({ conversations: [conversation({ last_seq: 3 })] });
    t.chat.open('42');
    t.reconnect({ conversations: [conversation({ last_seq: 3 })] });
    expect(t.sent('hello')[0]?.resume).toEqual({});
    t.answerHistory([message(1), message(2), message(3)], false);
    expect(t.held()).toEqual([1, 2, 3]);
  });

  it('takes the next message whatever its number where numbers may be missing', () => {
    const t = setUp();
    t.greet({ me: CUSTOMER, conversations: [conversation({ last_seq: 1 })] });
    t.chat.open('42');
    t.answerHistory([message(1)], false);
    t.posted(message(4));
    expect(t.held()).toEqual([1, 4]);
    expect(t.sent('history')).toHaveLength(1);
    t.reconnect({ me: CUSTOMER, conversations: [conversation({ last_seq: 9 })] });
    expect(t.sent('hello')[0]?.resume).toEqual({ '42': 4 });
  });

  it('stops at a hole, asks for what is missing, and shows all of it in order', () => {
    const t = setUp({ side: 'agent' });
    t.greet({ conversations: [conversation({ last_seq: 1 })] });
    t.chat.open('42');
    t.answerHistory([message(1)], false);
    t.posted(message(4));
    expect(t.held()).toEqual([1]);
    expect(t.sent('history').at(-1)).toMatchObject({ conversation: '42', after: 1 });
    t.answerHistory([message(2), message(3), message(4)], false);
    expect(t.held()).toEqual([1, 2, 3, 4]);
  });

  it('begins anew where the server holds less than the page', () => {
    const t = setUp();
    t.greet({ conversations: [conversation({ last_seq: 9 })] });
    t.chat.open('42');
    t.answerHistory([message(9)], true);
    t.reconnect({ conversations: [conversation({ last_seq: 2 })] });
    t.answerHistory([message(1), message(2)], false);
    expect(t.held()).toEqual([1, 2]);
  });
});

describe('history', () => {
  it('goes backwards page by page until the server has no more', () => {
    const t = setUp();
    t.greet({ conversations: [conversation({ last_seq: 5 })] });
    t.chat.open('42');
    t.answerHistory([message(4), message(5)], true);
    t.chat.history.load('42', 'older');
    expect(t.sent('history').at(-1)).toMatchObject({ before: 4 });
    t.chat.history.load('42', 'older');
    expect(t.sent('history')).toHaveLength(2);
    t.answerHistory([message(1), message(2), message(3)], false);
    t.chat.history.load('42', 'older');
    expect(t.sent('history')).toHaveLength(2);
    expect(t.held()).toEqual([1, 2, 3, 4, 5]);
  });

  it('fails by an error or by silence, and can be tried again', () => {
    const t = setUp();
    t.greet({ conversations: [conversation({ last_seq: 5 })] });
    t.chat.open('42');
    const ref = t.sent('history')[0]?.ref;
    t.tell({ type: 'error', ref, code: 'internal', message: '', retryable: true });
    expect(t.chat.history.failed('42')).toBe(true);
    t.chat.history.load('42', 'newest');
    expect(t.chat.history.failed('42')).toBe(false);
    t.clock.pass(10_000);
    expect(t.chat.history.failed('42')).toBe(true);
  });

  it('is asked for again when a limit may have swallowed the request', () => {
    const t = setUp();
    t.greet({ conversations: [conversation({ last_seq: 5 })] });
    t.chat.open('42');
    t.chat.outbox.add(null, 'Hello!');
    const limit = { type: 'error', ref: null, code: 'rate_limited', message: '', retryable: true };
    t.tell({ ...limit, retry_after_ms: 400 });
    t.clock.pass(399);
    expect([t.sent('history').length, t.sent('message.post').length]).toEqual([1, 1]);
    t.clock.pass(1);
    expect([t.sent('history').length, t.sent('message.post').length]).toEqual([2, 2]);
    t.answerHistory([message(5)], true);
    t.clock.pass(10_000);
    expect(t.chat.history.failed('42')).toBe(false);
  });

  it('ignores a page that it did not ask for', () => {
    const t = setUp();
    t.greet({ conversations: [conversation({ last_seq: 5 })] });
    t.chat.open('42');
    t.tell({ type: 'history', ref: 'x', conversation: '42', messages: [message(5)], more: false });
    expect(t.held()).toEqual([]);
  });
});

describe('whose message it is', () => {
  it('in a private room is a matter of role', () => {
    const t = setUp();
    t.greet();
    expect(t.chat.isOwn(message(1, { from: CUSTOMER }))).toBe(true);
    expect(t.chat.isOwn(message(1, { from: AGENT }))).toBe(false);
  });

  it('in a shared room is a matter of id, learnt from my first message', () => {
    const t = setUp();
    t.greet({ room: 'shared', conversations: [conversation({ customer: null })] });
    t.chat.open('42');
    t.answerHistory([], false);
    const { clientId } = t.chat.outbox.add(null, 'mine');
    const other = { role: 'customer', id: '8', name: null };
    t.posted(message(1, { from: other }));
    expect(t.chat.me.id).toBeNull();
    t.posted(message(2, { from: CUSTOMER, client_id: clientId }));
    expect(t.chat.me.id).toBe('7');
    expect(t.chat.timeline('42')?.messages.map(m => t.chat.isOwn(m))).toEqual([false, true]);
  });

  it('for an agent is not a colleague’s', () => {
    const t = setUp({ side: 'agent' });
    t.greet({ me: { ...AGENT, role: 'admin' } });
    expect(t.chat.isOwn(message(1, { from: AGENT }))).toBe(true);
    expect(t.chat.isOwn(message(1, { from: { ...AGENT, id: '2' } }))).toBe(false);
  });
});

describe('an agent', () => {
  it('goes on with the outbox that is theirs, once welcome has told who they are', () => {
    const before = setUp({ side: 'agent' });
    before.greet({ me: AGENT });
    before.chat.outbox.add('42', 'from agent 1');
    const other = setUp({ side: 'agent', store: before.store });
    other.greet({ me: { ...AGENT, id: '2' } });
    expect(other.sent('message.post')).toEqual([]);
    const same = setUp({ side: 'agent', store: before.store });
    expect(same.chat.outbox.entries).toEqual([]);
    same.greet({ me: AGENT });
    expect(same.sent('message.post')[0]?.text).toBe('from agent 1');
  });

  it('sees who is at the desk', () => {
    const t = setUp({ side: 'agent' });
    t.greet({ me: AGENT, presence: [{ ...AGENT, online: true, away: false }] });
    t.tell({ type: 'presence', role: 'agent', id: '2', name: 'Ana', online: true, away: true });
    t.tell({ type: 'presence', role: 'agent', id: '1', name: 'Li Wei', online: false });
    expect([...t.chat.agents.values()].map(agent => agent.name)).toEqual(['Ana']);
    const all = [...t.chat.colleagues.values()];
    expect(all.map(({ name, online, away }) => [name, online, away])).toEqual([
      ['Li Wei', false, false],
      ['Ana', true, true],
    ]);
  });

  it('keeps the messages of no more than thirty conversations', () => {
    const t = setUp({ side: 'agent' });
    t.greet({ me: AGENT });
    for (let id = 1; id <= 31; id += 1) t.chat.open(String(id));
    expect(t.chat.timeline('1')).toBeUndefined();
    expect(t.chat.timeline('2')).toBeDefined();
  });
});

describe('read', () => {
  function withMessages() {
    const t = setUp();
    t.greet({ me: CUSTOMER, conversations: [conversation({ last_seq: 2, unread: 2 })] });
    t.chat.open('42');
    t.answerHistory([message(1), message(2)], false);
    return t;
  }

  it('is told once, up to what is held', () => {
    const t = withMessages();
    t.chat.seen('42');
    t.chat.seen('42');
    expect(t.sent('read')).toEqual([{ type: 'read', conversation: '42', seq: 2 }]);
    expect(t.chat.directory.get('42')?.unread).toBe(0);
    t.posted(message(3));
    t.chat.seen('42');
    expect(t.sent('read').at(-1)?.seq).toBe(3);
  });

  it('is not told of what I wrote myself', () => {
    const t = withMessages();
    t.chat.seen('42');
    t.posted(message(3, { from: CUSTOMER }));
    t.chat.seen('42');
    expect(t.sent('read')).toHaveLength(1);
  });

  it('is not taken as told while nobody hears it', () => {
    const t = withMessages();
    t.socket().shut(1006);
    t.chat.seen('42');
    expect(t.chat.directory.get('42')?.read.customer).toBe(0);
  });
});

it('survives frames that make no sense', () => {
  const t = setUp();
  t.greet({ conversations: [null, 3, {}, conversation()], presence: 'x', limits: null, me: null });
  for (const frame of [
    { type: 'message.posted' },
    { type: 'message.posted', conversation: '42', seq: 'x' },
    { type: 'message.posted', conversation: '42', seq: 1, from: 7, text: {}, kind: 9 },
    { type: 'history', conversation: '42', messages: {} },
    { type: 'conversation.changed', conversation: [] },
    { type: 'typing', conversation: '42' },
    { type: 'presence' },
    { type: 'error' },
    { type: 'error', ref: 5, code: 'x' },
    { type: 'message.accepted', conversation: '42' },
  ]) {
    t.tell(frame);
  }
  expect(t.chat.connection.phase).toBe('online');
  expect(t.chat.directory.list.map(c => c.id)).toEqual(['42']);
});
