// The promises of the outbox: nothing lost, nothing twice, in order, over reloads and restarts.

import { describe, expect, it } from 'vitest';
import { memoryStore } from './env';
import { Outbox } from './outbox';
import { FakeClock, message } from './testing';
import type { ClientFrame, WireError } from './wire';

type Post = Extract<ClientFrame, { type: 'message.post' }>;

function setUp(store = memoryStore(), clock = new FakeClock()) {
  const posts: Post[] = [];
  const server = { reachable: true };
  let ids = 0;
  let refs = 0;
  const outbox = new Outbox({
    clock,
    store,
    newId: () => `id-${store.get('ids') ?? ''}${++ids}`,
    newRef: () => String(++refs),
    send: frame => {
      if (server.reachable) posts.push(frame as Post);
      return server.reachable;
    },
    changed: () => {},
  });
  outbox.openAs('outbox');
  const accept = (post: Post, seq: number) =>
    outbox.accepted({ type: 'message.accepted', ref: post.ref, conversation: '42', seq });
  const refuse = (post: Post, error: Partial<WireError>) =>
    outbox.refused({
      type: 'error',
      ref: post.ref,
      code: 'internal',
      message: '',
      retryable: false,
      retry_after_ms: null,
      until: null,
      ...error,
    });
  const states = () => outbox.entries.map(entry => `${entry.text}:${entry.state}`);
  const texts = () => posts.map(post => post.text);
  const post = (n: number) => posts.at(n) as Post;
  return { outbox, clock, store, posts, server, accept, refuse, states, texts, post };
}

describe('sending', () => {
  it('waits for welcome, then sends one after the other', () => {
    const t = setUp();
    t.outbox.add(null, 'one');
    t.outbox.add(null, 'two');
    expect(t.posts).toEqual([]);
    t.outbox.connected();
    expect(t.texts()).toEqual(['one']);
    expect(t.states()).toEqual(['one:sending', 'two:queued']);
    t.accept(t.post(0), 1);
    expect(t.texts()).toEqual(['one', 'two']);
    expect(t.states()).toEqual(['one:sent', 'two:sending']);
  });

  it('keeps a note a note, also over a reload', () => {
    const before = setUp();
    before.outbox.add('42', 'for us', 'note');
    before.outbox.add('42', 'for them');
    const after = setUp(before.store);
    after.outbox.connected();
    after.accept(after.post(0), 1);
    expect(after.posts.map(post => post.kind)).toEqual(['note', undefined]);
  });

  it('does not let one conversation wait for another', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add('42', 'one');
    t.outbox.add('57', 'two');
    expect(t.posts.map(post => post.conversation)).toEqual(['42', '57']);
  });

  it('is done when the message is shown, known by key and sender and not by text', () => {
    const t = setUp();
    t.outbox.connected();
    const { clientId } = t.outbox.add('42', 'one');
    t.outbox.shown(message(1, { text: 'one' }), true);
    t.outbox.shown(message(2, { text: 'one', client_id: clientId }), false);
    t.outbox.shown(message(3, { client_id: clientId, conversation: '57' }), true);
    expect(t.states()).toEqual(['one:sending']);
    t.outbox.shown(message(4, { text: 'changed', client_id: clientId }), true);
    expect(t.states()).toEqual([]);
  });

  it('is done too when the timeline has moved past a message that was sent', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add('42', 'one');
    t.accept(t.post(0), 7);
    t.outbox.shownUpTo('42', 6);
    expect(t.states()).toEqual(['one:sent']);
    t.outbox.shownUpTo('42', 7);
    expect(t.states()).toEqual([]);
  });
});

describe('a lost connection', () => {
  it('sends again with the same key what was under way', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add(null, 'one');
    t.outbox.disconnected();
    expect(t.states()).toEqual(['one:queued']);
    t.clock.pass(60_000);
    expect(t.posts).toHaveLength(1);
    t.outbox.connected();
    expect(t.post(1).client_id).toBe(t.post(0).client_id);
    expect(t.post(1).ref).not.toBe(t.post(0).ref);
  });

  it('keeps the order of what is sent again', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add(null, 'one');
    t.outbox.add(null, 'two');
    t.outbox.disconnected();
    t.outbox.add(null, 'three');
    t.outbox.connected();
    t.accept(t.post(1), 1);
    t.accept(t.post(2), 2);
    expect(t.texts()).toEqual(['one', 'one', 'two', 'three']);
  });

  it('sends nothing before the next welcome', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.disconnected();
    t.outbox.add(null, 'one');
    expect(t.posts).toEqual([]);
  });

  it('does not mark as failed what could not even be sent', () => {
    const t = setUp();
    t.outbox.connected();
    t.server.reachable = false;
    t.outbox.add(null, 'one');
    t.clock.pass(60_000);
    expect(t.states()).toEqual(['one:queued']);
  });
});

describe('a reload', () => {
  it('goes on with the same keys in the same order, and repeats nothing acknowledged', () => {
    const before = setUp();
    before.outbox.connected();
    before.outbox.add(null, 'one');
    before.outbox.add(null, 'two');
    before.outbox.add('42', 'three');
    before.accept(before.post(0), 1);
    const after = setUp(before.store);
    expect(after.states()).toEqual(['two:queued', 'three:queued']);
    after.outbox.connected();
    expect(after.texts()).toEqual(['two', 'three']);
    expect(after.post(0).client_id).toBe(before.post(2).client_id);
  });

  it('keeps what failed, with its reason, until somebody decides', () => {
    const before = setUp();
    before.outbox.connected();
    before.outbox.add(null, 'one');
    before.refuse(before.post(0), { code: 'text_too_long' });
    const after = setUp(before.store);
    after.outbox.connected();
    expect(after.states()).toEqual(['one:failed']);
    expect(after.outbox.entries[0]?.error).toBe('text_too_long');
    expect(after.posts).toEqual([]);
  });

  it('leaves nothing in the store when all is done', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add(null, 'one');
    expect(t.store.get('outbox')).toContain('one');
    t.accept(t.post(0), 1);
    expect(t.store.get('outbox')).toBeNull();
  });

  it('survives a store that holds nonsense', () => {
    for (const kept of ['{', '7', '[null, 3, {"clientId":5}]']) {
      const store = memoryStore();
      store.set('outbox', kept);
      expect(setUp(store).states()).toEqual([]);
    }
  });

  it('makes of what is half nonsense what it can', () => {
    const store = memoryStore();
    const odd = { toString: false };
    const entry = { clientId: 'a', text: 'one', conversation: odd, writtenAt: odd, error: odd };
    store.set('outbox', JSON.stringify([{ ...entry, state: 'failed', file: { id: odd } }]));
    expect(setUp(store).outbox.entries).toMatchObject([
      { conversation: null, writtenAt: 0, error: 'file_lost', file: { id: null, name: '' } },
    ]);
  });

  it('never shows one person what another left', () => {
    const t = setUp();
    t.outbox.add('42', 'mine');
    t.outbox.openAs('somebody else');
    expect(t.states()).toEqual([]);
    t.outbox.openAs('outbox');
    expect(t.states()).toEqual(['mine:queued']);
  });
});

describe('errors', () => {
  it('marks as failed what would fail again, and goes on with the next', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add(null, 'one');
    t.outbox.add(null, 'two');
    t.refuse(t.post(0), { code: 'text_too_long' });
    expect(t.states()).toEqual(['one:failed', 'two:sending']);
  });

  it('tries again by itself what is retryable, slower each time, before the next message', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add(null, 'one');
    t.outbox.add(null, 'two');
    for (const [i, wait] of [500, 1000, 2000].entries()) {
      t.refuse(t.post(i), { code: 'unavailable', retryable: true });
      t.clock.pass(wait - 1);
      expect(t.posts).toHaveLength(i + 1);
      t.clock.pass(1);
      expect(t.posts).toHaveLength(i + 2);
      expect(t.post(i + 1).client_id).toBe(t.post(0).client_id);
    }
    t.accept(t.post(3), 1);
    expect(t.texts()).toEqual(['one', 'one', 'one', 'one', 'two']);
  });

  it('waits as long as the server asks', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add(null, 'one');
    t.refuse(t.post(0), { code: 'rate_limited', retryable: true, retry_after_ms: 3000 });
    t.clock.pass(2999);
    expect(t.posts).toHaveLength(1);
    t.clock.pass(1);
    expect(t.posts).toHaveLength(2);
  });

  it('takes a limit without a ref as meant for what is under way', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add(null, 'one');
    t.outbox.throttled(400);
    t.clock.pass(399);
    expect(t.posts).toHaveLength(1);
    t.clock.pass(1);
    expect(t.posts).toHaveLength(2);
    t.clock.pass(9_600);
    expect(t.states()).toEqual(['one:sending']);
  });

  it('leaves alone an error that names something else', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add(null, 'one');
    expect(t.refuse({ ...t.post(0), ref: 'other' }, { code: 'text_empty' })).toBe(false);
    expect(t.states()).toEqual(['one:sending']);
  });
});

describe('no answer', () => {
  it('fails after 10 s online, and a late answer still counts', () => {
    const t = setUp();
    t.outbox.connected();
    t.outbox.add(null, 'one');
    t.clock.pass(9_999);
    expect(t.states()).toEqual(['one:sending']);
    t.clock.pass(1);
    expect(t.states()).toEqual(['one:failed']);
    expect(t.outbox.entries[0]?.error).toBe('no_answer');
    t.accept(t.post(0), 1);
    expect(t.states()).toEqual(['one:sent']);
  });

  it('is tried again with the same key, or deleted', () => {
    const t = setUp();
    t.outbox.connected();
    const { clientId } = t.outbox.add(null, 'one');
    t.clock.pass(10_000);
    t.outbox.retry(clientId);
    expect(t.post(1).client_id).toBe(clientId);
    t.outbox.remove(clientId);
    expect(t.states()).toEqual(['one:sending']);
    t.clock.pass(10_000);
    t.outbox.remove(clientId);
    expect(t.states()).toEqual([]);
    expect(t.store.get('outbox')).toBeNull();
  });
});

describe('files', () => {
  const out = { id: null, name: 'cat.png', size: 3, type: 'image/png' };

  it('wait until they are up, and hold up no words', () => {
    const t = setUp();
    t.outbox.connected();
    const { clientId } = t.outbox.add(null, '', 'file', out);
    t.outbox.add(null, 'words');
    expect(t.states()).toEqual([':uploading', 'words:sending']);
    expect(t.texts()).toEqual(['words']);
    t.accept(t.post(0), 1);
    t.outbox.uploaded(clientId, 'f1');
    expect(t.post(1)).toMatchObject({ kind: 'file', file: 'f1', client_id: clientId, text: '' });
  });

  it('fail with a reason, go up again by Try again, and can be given up', () => {
    const t = setUp();
    t.outbox.connected();
    const { clientId } = t.outbox.add(null, '', 'file', out);
    t.outbox.uploaded(clientId, null, 'file_too_large');
    expect(t.outbox.entries[0]).toMatchObject({ state: 'failed', error: 'file_too_large' });
    t.outbox.retry(clientId);
    expect(t.states()).toEqual([':uploading']);
    t.outbox.remove(clientId);
    expect(t.outbox.entries).toEqual([]);
    t.outbox.uploaded(clientId, 'late');
    expect(t.posts).toEqual([]);
  });

  it('that the server has forgotten go up again', () => {
    const t = setUp();
    t.outbox.connected();
    const { clientId } = t.outbox.add('42', '', 'note', out);
    t.outbox.uploaded(clientId, 'f1');
    expect(t.post(0)).toMatchObject({ kind: 'note', file: 'f1' });
    t.refuse(t.post(0), { code: 'file_not_found' });
    t.outbox.retry(clientId);
    expect(t.states()).toEqual([':uploading']);
  });

  it('that are up outlast the page, and others say that they do not', () => {
    const before = setUp();
    const up = before.outbox.add(null, '', 'file', out);
    before.outbox.uploaded(up.clientId, 'f1');
    before.outbox.add(null, '', 'file', { ...out, name: 'dog.png' });
    const after = setUp(before.store);
    expect(after.outbox.entries.map(entry => [entry.file?.name, entry.state, entry.error])).toEqual(
      [
        ['cat.png', 'queued', null],
        ['dog.png', 'failed', 'file_lost'],
      ],
    );
    after.outbox.connected();
    expect(after.post(0)).toMatchObject({ kind: 'file', file: 'f1', client_id: up.clientId });
  });
});
