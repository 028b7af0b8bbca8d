// "… is typing": tells the others no more than every 3 s, and believes them for 6 s.

import type { Clock } from './env';
import type { Person } from './wire';

const TELL_EVERY_MS = 3_000;
const SHOWN_MS = 6_000;

/** Our own typing, as the others are told. */
export class TypingTeller {
  #told: string | null = null;
  #toldAt = 0;

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly tell: (conversation: string, on: boolean) => void,
  ) {}

  /** The draft changed. */
  typed(conversation: string, empty: boolean): void {
    if (empty) {
      this.stopped(conversation);
      return;
    }
    const now = this.clock.now();
    if (this.#told === conversation && now - this.#toldAt < TELL_EVERY_MS) return;
    this.#told = conversation;
    this.#toldAt = now;
    this.tell(conversation, true);
  }

  /** The draft is empty or sent; said only while the others may still believe otherwise. */
  stopped(conversation: string): void {
    if (this.#told !== conversation) return;
    this.#told = null;
    if (this.clock.now() - this.#toldAt < SHOWN_MS) this.tell(conversation, false);
  }
}

interface Typist {
  readonly conversation: string;
  readonly person: Person;
  readonly cancel: () => void;
}

/** The others' typing, as it is shown. */
export class Typists {
  readonly #typists = new Map<string, Typist>();

  constructor(
    private readonly clock: Pick<Clock, 'after'>,
    private readonly changed: () => void,
  ) {}

  /** Who is typing in a conversation. */
  in(conversation: string): Person[] {
    return [...this.#typists.values()]
      .filter(typist => typist.conversation === conversation)
      .map(typist => typist.person);
  }

  heard(conversation: string, person: Person, on: boolean): void {
    const key = `${conversation}/${person.role}/${person.id}`;
    const previous = this.#typists.get(key);
    previous?.cancel();
    if (on) {
      const cancel = this.clock.after(SHOWN_MS, () => this.heard(conversation, person, false));
      this.#typists.set(key, { conversation, person, cancel });
    } else {
      this.#typists.delete(key);
    }
    if (on !== (previous !== undefined)) this.changed();
  }

  clear(): void {
    for (const typist of this.#typists.values()) typist.cancel();
    this.#typists.clear();
  }
}
