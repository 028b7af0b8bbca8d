// What the core's tests use instead of a browser and a server: a clock that is moved by hand, a
// socket whose other end is the test, and short ways to make frames.

import type { Clock, Socket, SocketEvents } from './env';
import type { ClientFrame, Conversation, Message } from './wire';

export class FakeClock implements Clock {
  #now = 1_000_000;
  #tasks: { at: number; task: () => void }[] = [];

  now = () => this.#now;

  after = (ms: number, task: () => void) => {
    const entry = { at: this.#now + ms, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter(other => other !== entry);
    };
  };

  /** Lets time pass, running what falls due in order. */
  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = this.#tasks.filter(t => t.at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#tasks = this.#tasks.filter(other => other !== next);
      this.#now = next.at;
      next.task();
    }
    this.#now = until;
  }
}

/** How long a property may take: by PROPTEST_CASES it is tried on many cases. */
export const PROPERTY_MS = 1_800_000;

/**
 * What a property is tried on: as many new cases as PROPTEST_CASES says, as for the server's, else so many that it
 * takes a second, and always the same ones.
 */
export const cases = (otherwise: number) => {
  const asked = Number(process.env.PROPTEST_CASES);
  return asked > 0 ? { numRuns: asked } : { numRuns: otherwise, seed: 1 };
};

/** The server's end of one dial. */
export class FakeSocket implements Socket {
  readonly sent: ClientFrame[] = [];
  closedByPage = false;

  constructor(private readonly events: SocketEvents) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closedByPage = true;
  }

  open(): void {
    this.events.opened();
  }

  tell(frame: object | string): void {
    this.events.text(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  shut(code: number): void {
    this.events.closed(code);
  }
}

export function welcome(more: object = {}): object {
  return {
    type: 'welcome',
    room: 'private',
    me: { id: null, name: null, role: 'customer' },
    conversations: [],
    presence: [],
    heartbeat_s: 25,
    limits: { text_chars: 4000, text_bytes: 16384 },
    ...more,
  };
}

export function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    conversation: '42',
    seq,
    client_id: null,
    kind: 'text',
    event: null,
    file: null,
    from: { role: 'agent', id: '1', name: 'Li Wei' },
    text: `message ${seq}`,
    sent_at: '2026-11-23T08:00:00.000Z',
    ...more,
  };
}

export function conversation(more: Partial<Conversation> = {}): Conversation {
  return {
    id: '42',
    status: 'open',
    last_seq: 0,
    customer: { id: '7', name: null, online: true, page: null, language: null },
    agent: null,
    waiting_since: null,
    unread: 0,
    read: { customer: 0, agent: 0 },
    last_message: null,
    tags: null,
    created_at: '2026-11-23T07:00:00.000Z',
    last_message_at: '2026-11-23T07:00:00.000Z',
    ...more,
  };
}

export const seqs = (messages: readonly Message[]) => messages.map(m => m.seq);
