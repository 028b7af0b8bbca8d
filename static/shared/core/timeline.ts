// The messages of one conversation that this page holds: one unbroken run by `seq`, from some
// point up to now. What arrives beyond a hole waits aside until a history page has closed it. A
// customer does not get every number (notes are the agents'), so for them a missing one is no hole:
// the server sends all that is theirs, in order.

import type { Message } from './wire';

export type PageKind = 'newest' | 'older' | 'hole';

export class Timeline {
  #messages: readonly Message[] = [];
  readonly #ahead = new Map<number, Message>();
  #loaded = false;
  #older = true;

  /** `sparse`: numbers may be missing without anything being missed. */
  constructor(private readonly sparse = false) {}

  /** In order of `seq`; a new array whenever it changes, so that a view can compare. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** Whether the newest page is here, so that live messages follow on from it. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Whether the server has older messages than the first one here. */
  get hasOlder(): boolean {
    return this.#loaded && this.#older;
  }

  get first(): number {
    return this.#messages[0]?.seq ?? 0;
  }

  /** The last `seq` of the unbroken run: what `resume` names. */
  get last(): number {
    return this.#messages.at(-1)?.seq ?? 0;
  }

  /** Whether a message waits beyond a hole that `history` has to fill. */
  get hasHole(): boolean {
    return this.#loaded && this.#ahead.size > 0;
  }

  /** Takes a live message. False when it is held already. */
  post(message: Message): boolean {
    if (this.#loaded ? message.seq <= this.last : this.#ahead.has(message.seq)) return false;
    this.#ahead.set(message.seq, message);
    // A conversation is complete from its first message on; anything else needs its page first.
    if (message.seq === 1) {
      this.#loaded = true;
      this.#older = false;
    }
    this.#takeAhead();
    return true;
  }

  /** Takes a page of history; `more` as the server says it, in the direction of the page. */
  page(kind: PageKind, messages: readonly Message[], more: boolean): void {
    const page = [...messages].sort((a, b) => a.seq - b.seq);
    if (kind === 'older') {
      const first = this.first;
      const before = page.filter(message => message.seq < first);
      this.#older = more && before.length > 0;
      this.#messages = [...before, ...this.#messages];
      return;
    }
    if (kind === 'newest' && !this.#loaded) {
      this.#loaded = true;
      this.#older = more;
    }
    // The server's page is the truth about what lies between, even where numbers are skipped.
    const last = this.last;
    this.#messages = [...this.#messages, ...page.filter(message => message.seq > last)];
    this.#takeAhead(!more || kind === 'newest');
  }

  /** Forgets everything: the server holds less than this page does (a restored database). */
  reset(): void {
    this.#messages = [];
    this.#ahead.clear();
    this.#loaded = false;
    this.#older = true;
  }

  /** Moves what waits aside into the run; `bridge` when a page has just shown what lies before. */
  #takeAhead(bridge = false): void {
    if (!this.#loaded || this.#ahead.size === 0) return;
    const taken: Message[] = [];
    let last = this.last;
    const anyNext = bridge || this.sparse;
    for (const seq of [...this.#ahead.keys()].sort((a, b) => a - b)) {
      const message = this.#ahead.get(seq) as Message;
      if (seq > last && seq !== last + 1 && !anyNext) break;
      this.#ahead.delete(seq);
      if (seq <= last) continue;
      taken.push(message);
      last = seq;
    }
    if (taken.length > 0) this.#messages = [...this.#messages, ...taken];
  }
}
