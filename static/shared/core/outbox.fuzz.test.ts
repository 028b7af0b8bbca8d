// The outbox as a state machine against a server that keeps what it is sent: whatever happens in whatever
// order to the connection, the page and the answers, nothing is lost, nothing is twice there, and what was
// never refused stands in the order in which it was written.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memoryStore } from './env';
import { type Entry, Outbox } from './outbox';
import { cases, FakeClock, message, PROPERTY_MS } from './testing';
import type { ClientFrame, WireError } from './wire';

type Post = Extract<ClientFrame, { type: 'message.post' }>;
type Refusal = 'unavailable' | 'rate_limited' | 'text_too_long';

type Step =
  | { do: 'write'; to: string; kind: 'text' | 'note' }
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
      to: fc.constantFrom('42', '57'),
      kind: fc.constantFrom('text' as const, 'note' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('serve' as const),
      refuse: fc.constantFrom<Refusal | null>(
        ...[null, null, null],
        ...(['unavailable', 'rate_limited', 'text_too_long'] as const),
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

class World {
  readonly clock = new FakeClock();
  readonly kept = memoryStore();
  /** What was written, in order, less what was removed. */
  readonly written = new Map<string, Entry>();
  /** What was refused or unanswered once: what came after it may have overtaken it. */
  readonly failed = new Set<string>();
  /** By conversation, as the database has it. */
  readonly stored = new Map<string, { clientId: string; text: string; kind: string }[]>();
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
        expect(this.connected, 'nothing is sent before welcome').toBe(true);
        if (this.reachable) this.toServer.push(frame as Post);
        return this.reachable;
      },
      changed: () => {},
    });
    outbox.openAs('outbox');
    return outbox;
  }

  run(step: Step): void {
    const failed = this.outbox.entries.filter(entry => entry.state === 'failed');
    switch (step.do) {
      case 'write': {
        const text = `text ${this.written.size}`;
        const entry = this.outbox.add(step.to, text, step.kind);
        this.written.set(entry.clientId, entry);
        break;
      }
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
        this.outbox = this.#page();
        break;
      }
      case 'wait':
        this.clock.pass(step.ms);
        break;
      case 'retry': {
        const entry = failed[step.nth];
        if (entry) this.outbox.retry(entry.clientId);
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

  serve(refuse: Refusal | null): void {
    const post = this.toServer.shift();
    if (post === undefined) return;
    const conversation = post.conversation as string;
    const messages = this.stored.get(conversation) ?? [];
    this.stored.set(conversation, messages);
    const earlier = messages.findIndex(stored => stored.clientId === post.client_id);
    if (earlier < 0 && refuse !== null) {
      const error: WireError = {
        type: 'error',
        ref: post.ref,
        code: refuse,
        message: '',
        retryable: refuse !== 'text_too_long',
        retry_after_ms: refuse === 'rate_limited' ? 700 : null,
        until: null,
      };
      this.toPage.push(() => void this.outbox.refused(error));
      return;
    }
    if (earlier < 0) {
      messages.push({ clientId: post.client_id, text: post.text, kind: post.kind ?? 'text' });
    }
    const seq = earlier < 0 ? messages.length : earlier + 1;
    this.toPage.push(() => {
      this.outbox.accepted({ type: 'message.accepted', ref: post.ref, conversation, seq });
    });
    if (earlier < 0) {
      const shown = message(seq, { conversation, client_id: post.client_id, text: post.text });
      this.toPage.push(() => this.outbox.shown(shown, true));
    }
  }

  check(): void {
    const there = new Map(this.outbox.entries.map(entry => [entry.clientId, entry]));
    expect(there.size).toBe(this.outbox.entries.length);
    const stored = new Set([...this.stored.values()].flat().map(one => one.clientId));
    for (const [clientId, { text, kind }] of this.written) {
      const entry = there.get(clientId);
      if (entry === undefined) expect(stored, `${text} is lost`).toContain(clientId);
      else expect([entry.text, entry.kind]).toEqual([text, kind]);
    }
    const sending = this.outbox.entries.filter(entry => entry.state === 'sending');
    if (!this.connected) expect(sending).toEqual([]);
    expect(sending.length).toBe(new Set(sending.map(entry => entry.conversation)).size);
    for (const entry of this.outbox.entries) {
      if (entry.state === 'failed') this.failed.add(entry.clientId);
      if (entry.state === 'sent') expect(stored).toContain(entry.clientId);
    }
  }

  /** Everything goes well from now on. */
  settle(): void {
    for (let round = 0; this.outbox.entries.some(entry => entry.state !== 'sent'); round += 1) {
      expect(round, 'it never comes to rest').toBeLessThan(500);
      if (!this.reachable) {
        this.run({ do: 'lose' });
        this.run({ do: 'connect' });
      }
      this.run({ do: 'retry', nth: 0 });
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
        for (const [conversation, messages] of world.stored) {
          const keys = messages.map(one => one.clientId);
          expect(new Set(keys).size, 'stored once').toBe(keys.length);
          const meant = [...world.written.values()].filter(
            one => one.conversation === conversation,
          );
          for (const { clientId, text, kind } of meant) {
            expect(messages).toContainEqual({ clientId, text, kind });
          }
          const inOrder = (of: string[]) => of.filter(key => !world.failed.has(key));
          const order = meant.map(one => one.clientId);
          const known = keys.filter(key => world.written.has(key));
          expect(inOrder(known)).toEqual(inOrder(order));
        }
        const kept = world.written.size === 0 ? 0 : [...world.stored.values()].flat().length;
        expect(kept).toBeGreaterThanOrEqual(world.written.size);
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
