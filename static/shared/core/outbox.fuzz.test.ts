// The outbox as a state machine against a server that keeps what it is sent: whatever happens in whatever
// order to the connection, the page, the files and the answers, nothing is lost, nothing is twice there, and
// what neither was refused nor had to wait for its file stands in the order in which it was written.
//
// It is somebody's of both sides at once, which no page is: an agent's, who names the conversation, and a
// customer's, for whom the server knows it, opens it by the first message and another after it has ended.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memoryStore } from './env';
import { type Entry, Outbox } from './outbox';
import { cases, FakeClock, message, PROPERTY_MS } from './testing';
import type { ClientFrame, WireError } from './wire';

type Post = Extract<ClientFrame, { type: 'message.post' }>;
type Refusal = 'unavailable' | 'rate_limited' | 'text_too_long' | 'file_not_found';

type Step =
  | { do: 'write'; to: string | null; kind: 'text' | 'note' | 'file' }
  /** One of the files that go up has arrived, or cannot. */
  | { do: 'upload'; nth: number; well: boolean }
  /** The customer's conversation ends. */
  | { do: 'close' }
  /** The server takes what came first, and stores or refuses it. */
  | { do: 'serve'; refuse: Refusal | null }
  /** The page hears the first of what the server said. */
  | { do: 'hear' }
  | { do: 'limit'; waitMs: number }
  /** The connection ends: what is under way in both directions is gone. */
  | { do: 'lose' }
  /** Sending fails although nobody has noticed the end yet. */
  | { do: 'break' }
  | { do: 'connect' }
  | { do: 'reload' }
  | { do: 'wait'; ms: number }
  | { do: 'retry'; nth: number }
  | { do: 'remove'; nth: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      to: fc.constantFrom('42', '57', null, null),
      kind: fc.constantFrom(...(['text', 'text', 'note', 'file'] as const)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('upload' as const),
      nth: fc.nat(2),
      well: fc.boolean(),
    }),
  },
  fc.constant({ do: 'close' as const }),
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('serve' as const),
      refuse: fc.constantFrom<Refusal | null>(
        ...[null, null, null],
        ...(['unavailable', 'rate_limited', 'text_too_long', 'file_not_found'] as const),
      ),
    }),
  },
  { weight: 5, arbitrary: fc.constant({ do: 'hear' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'connect' as const }) },
  fc.constantFrom({ do: 'lose' as const }, { do: 'break' as const }, { do: 'reload' as const }),
  fc.record({ do: fc.constant('limit' as const), waitMs: fc.nat(2_000) }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 600, 3_000, 9_999, 10_001, 40_000),
    }),
  },
  fc.record({ do: fc.constant('retry' as const), nth: fc.nat(9) }),
  fc.record({ do: fc.constant('remove' as const), nth: fc.nat(9) }),
);

interface Stored {
  conversation: string;
  clientId: string;
  text: string;
  kind: string;
  /** Whether it was sent to a conversation that it named. */
  named: boolean;
}

/** Quicker than `expect`, which counts where it is asked a million times. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

class World {
  readonly clock = new FakeClock();
  readonly kept = memoryStore();
  /** What was written, in order, less what was removed. */
  readonly written = new Map<string, Entry>();
  /** What was refused or unanswered once, or waited for its file: what came after it may have overtaken it. */
  readonly held = new Set<string>();
  /** In the order of their commits, as the database has it. */
  readonly stored: Stored[] = [];
  /** By what each is known once it is up. */
  readonly files = new Map<string, string>();
  /** Whose bytes this page has. */
  bytes = new Set<string>();
  /** How many of the customer's conversations have ended. */
  ended = 0;
  outbox: Outbox;
  connected = false;
  reachable = false;
  toServer: Post[] = [];
  toPage: (() => void)[] = [];
  #count = 0;

  constructor() {
    this.outbox = this.#page();
  }

  #page(): Outbox {
    // A page that is gone has no timers and writes nothing any more.
    const lives = () => this.outbox === undefined || this.outbox === outbox;
    const { clock, kept } = this;
    const outbox: Outbox = new Outbox({
      clock: { now: clock.now, after: (ms, task) => clock.after(ms, () => lives() && task()) },
      store: { ...kept, set: (key, value) => lives() && kept.set(key, value) },
      newId: () => `id-${++this.#count}`,
      newRef: () => `ref-${++this.#count}`,
      send: frame => {
        this.#sends(outbox, frame as Post);
        if (this.reachable) this.toServer.push(frame as Post);
        return this.reachable;
      },
      changed: () => {},
    });
    outbox.openAs('outbox');
    return outbox;
  }

  /** It is the first of its conversation that can be sent, and what was written. */
  #sends(outbox: Outbox, post: Post): void {
    must(this.connected, 'sent before welcome');
    const own = outbox.entries.filter(entry => entry.conversation === post.conversation);
    const first = own.find(entry => entry.state === 'queued' || entry.state === 'sending');
    must(first?.clientId === post.client_id, `${post.text} overtakes ${first?.text}`);
    must(first?.state === 'queued', `${post.text} is on its way already`);
    const written = this.written.get(post.client_id);
    if (written === undefined) return;
    must(post.file === this.files.get(post.client_id), `${post.text} has another file`);
    must(written.kind !== 'file' || post.file !== undefined, `${post.text} has no file`);
  }

  run(step: Step): void {
    const failed = this.outbox.entries.filter(entry => entry.state === 'failed');
    switch (step.do) {
      case 'write': {
        const text = `text ${this.written.size}`;
        const file = { id: null, name: 'cat.png', size: 3, type: 'image/png' };
        const out = step.kind === 'file' ? file : null;
        const entry = this.outbox.add(step.to, text, step.kind, out);
        this.written.set(entry.clientId, entry);
        this.bytes.add(entry.clientId);
        break;
      }
      case 'upload': {
        const going = this.outbox.entries.filter(entry => entry.state === 'uploading');
        const entry = going[step.nth];
        if (entry) this.upload(entry.clientId, step.well ? null : 'unreachable');
        break;
      }
      case 'close':
        if (this.stored.some(one => one.conversation === this.current)) this.ended += 1;
        break;
      case 'serve':
        this.serve(step.refuse);
        break;
      case 'hear':
        this.toPage.shift()?.();
        break;
      case 'limit':
        if (this.connected) this.outbox.throttled(step.waitMs);
        break;
      case 'lose':
        this.lose();
        this.outbox.disconnected();
        break;
      case 'break':
        this.reachable = false;
        break;
      case 'connect':
        if (this.connected) break;
        this.connected = true;
        this.reachable = true;
        this.outbox.connected();
        break;
      case 'reload': {
        this.lose();
        this.bytes.clear();
        this.outbox = this.#page();
        break;
      }
      case 'wait':
        this.clock.pass(step.ms);
        break;
      case 'retry': {
        const entry = failed[step.nth];
        if (!entry) break;
        this.outbox.retry(entry.clientId);
        const waits = this.outbox.entries.some(
          one => one.clientId === entry.clientId && one.state === 'uploading',
        );
        // As the page does.
        if (waits && !this.bytes.has(entry.clientId)) this.upload(entry.clientId, 'file_lost');
        break;
      }
      case 'remove': {
        const entry = failed[step.nth];
        if (!entry) break;
        this.outbox.remove(entry.clientId);
        this.written.delete(entry.clientId);
        break;
      }
    }
    this.check();
  }

  lose(): void {
    this.connected = false;
    this.reachable = false;
    this.toServer = [];
    this.toPage = [];
  }

  upload(clientId: string, error: string | null): void {
    const id = error === null ? `file-${++this.#count}` : null;
    if (id === null) this.files.delete(clientId);
    else this.files.set(clientId, id);
    this.outbox.uploaded(clientId, id, error);
  }

  /** What the customer's next message is for, unless it is a retry. */
  get current(): string {
    return `own-${this.ended}`;
  }

  serve(refuse: Refusal | null): void {
    const post = this.toServer.shift();
    if (post === undefined) return;
    const earlier = this.stored.find(one => one.clientId === post.client_id);
    const hasNone = refuse === 'file_not_found' && post.file === undefined;
    if (!earlier && refuse !== null && !hasNone) {
      const error: WireError = {
        type: 'error',
        ref: post.ref,
        code: refuse,
        message: '',
        retryable: refuse === 'unavailable' || refuse === 'rate_limited',
        retry_after_ms: refuse === 'rate_limited' ? 700 : null,
        until: null,
      };
      this.toPage.push(() => {
        const isHeard = this.outbox.refused(error);
        if (isHeard && refuse === 'file_not_found') this.files.delete(post.client_id);
      });
      return;
    }
    const stored = earlier ?? {
      conversation: post.conversation ?? this.current,
      clientId: post.client_id,
      text: post.text,
      kind: post.kind ?? 'text',
      named: post.conversation !== null,
    };
    if (!earlier) this.stored.push(stored);
    const { conversation } = stored;
    const seq = this.stored.filter(one => one.conversation === conversation).indexOf(stored) + 1;
    this.toPage.push(() => {
      this.outbox.accepted({ type: 'message.accepted', ref: post.ref, conversation, seq });
    });
    if (!earlier) {
      const shown = message(seq, { conversation, client_id: post.client_id, text: post.text });
      this.toPage.push(() => this.outbox.shown(shown, true));
    }
  }

  check(): void {
    const { entries } = this.outbox;
    const there = new Map(entries.map(entry => [entry.clientId, entry]));
    must(there.size === entries.length, 'an entry is twice there');
    const stored = new Map(this.stored.map(one => [one.clientId, one.conversation]));
    for (const [clientId, { text, kind }] of this.written) {
      const entry = there.get(clientId);
      const is = entry ? entry.text === text && entry.kind === kind : stored.has(clientId);
      must(is, `${text} is lost`);
    }
    const sending = entries.filter(entry => entry.state === 'sending');
    must(this.connected || sending.length === 0, 'something is sending without a connection');
    const busy = new Set(sending.map(entry => entry.conversation));
    must(sending.length === busy.size, 'two of a conversation are under way');
    for (const { clientId, conversation, error, state, text } of entries) {
      if (state === 'failed' || state === 'uploading') this.held.add(clientId);
      must(
        state !== 'sent' || stored.get(clientId) === conversation,
        `${text} is not stored there`,
      );
      must(error !== 'file_lost' || !this.files.has(clientId), `the file of ${text} is up`);
    }
  }

  /** Everything goes well from now on. */
  settle(): void {
    for (let round = 0; this.outbox.entries.some(entry => entry.state !== 'sent'); round += 1) {
      must(round < 500, 'it never comes to rest');
      if (!this.reachable) {
        this.run({ do: 'lose' });
        this.run({ do: 'connect' });
      }
      this.run({ do: 'retry', nth: 0 });
      const [first] = this.outbox.entries.filter(entry => entry.state === 'failed');
      if (first?.error === 'file_lost') this.run({ do: 'remove', nth: 0 });
      this.run({ do: 'upload', nth: 0, well: true });
      this.run({ do: 'serve', refuse: null });
      this.run({ do: 'hear' });
      // Soon enough for an answer, and again and again for what waits.
      this.run({ do: 'wait', ms: 100 });
    }
  }
}

it(
  'loses nothing, doubles nothing and keeps the order, whatever happens',
  () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), steps => {
        const world = new World();
        for (const step of steps) world.run(step);
        world.settle();
        const { stored, written, held } = world;
        expect(new Set(stored.map(one => one.clientId)).size, 'stored once').toBe(stored.length);
        for (const to of ['42', '57', null]) {
          const meant = [...written.values()].filter(one => one.conversation === to);
          // The customer's conversations follow one another, as what is in them does.
          const there = stored.filter(one =>
            to === null ? !one.named : one.named && one.conversation === to,
          );
          for (const { clientId, text, kind } of meant) {
            expect(there).toContainEqual(expect.objectContaining({ clientId, text, kind }));
          }
          const inOrder = (of: readonly { clientId: string }[]) =>
            of.map(one => one.clientId).filter(key => written.has(key) && !held.has(key));
          expect(inOrder(there)).toEqual(inOrder(meant));
        }
        expect(world.kept.get('outbox')).toBeNull();
      }),
      cases(400),
    );
  },
  PROPERTY_MS,
);

it(
  'takes up whatever a store holds, and can still send',
  () => {
    const entry = fc.record(
      {
        clientId: fc.oneof(fc.string(), fc.jsonValue()),
        text: fc.oneof(fc.string(), fc.jsonValue()),
        conversation: fc.oneof(fc.constantFrom('42', null), fc.jsonValue()),
        kind: fc.oneof(fc.constantFrom('text', 'note', 'file'), fc.jsonValue()),
        file: fc.oneof(fc.constant({ id: 'f', name: 'n', size: 1, type: 't' }), fc.jsonValue()),
        writtenAt: fc.jsonValue(),
        state: fc.oneof(fc.constantFrom('queued', 'sending', 'failed', 'sent'), fc.jsonValue()),
        error: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const kept = fc.oneof(
      // No page ever writes one of them twice.
      fc.uniqueArray(entry, { selector: one => one.clientId }).map(all => JSON.stringify(all)),
      fc.json(),
      fc.string(),
    );
    fc.assert(
      fc.property(kept, kept => {
        const world = new World();
        world.kept.set('outbox', kept);
        world.run({ do: 'reload' });
        world.run({ do: 'connect' });
        for (const { conversation, file, writtenAt, error } of world.outbox.entries) {
          for (const one of [conversation, error, file?.id ?? null]) {
            expect(one === null || typeof one === 'string').toBe(true);
          }
          expect(Number.isFinite(writtenAt)).toBe(true);
        }
        const { clientId } = world.outbox.add('of its own', 'hello');
        expect(world.toServer.map(post => post.client_id)).toContain(clientId);
      }),
      cases(400),
    );
  },
  PROPERTY_MS,
);
