// What an agent asks to be done to conversations: take, release, transfer, close, reopen; and that they are
// away or available. One request at a time for each; what went wrong is kept until the next.

import type { Clock } from './env';
import type { ClientFrame, Deed, Done, WireError } from './wire';

export interface DeedsOptions {
  clock: Clock;
  newRef: () => string;
  send: (frame: ClientFrame) => boolean;
  changed: () => void;
}

interface Request {
  readonly ref: string;
  readonly cancel: () => void;
}

const ANSWER_MS = 10_000;
/** What is asked for oneself has this in place of a conversation. */
export const MYSELF = 'me';

export class Deeds {
  readonly #requests = new Map<string, Request>();
  readonly #problems = new Map<string, string>();

  constructor(private readonly options: DeedsOptions) {}

  busy(conversation: string): boolean {
    return this.#requests.has(conversation);
  }

  /** The code of what went wrong with the last request; null when nothing did. */
  problem(conversation: string): string | null {
    return this.#problems.get(conversation) ?? null;
  }

  /** `to`, of a transfer: an agent's id, or null for the queue. */
  do(conversation: string, deed: Deed, to?: string | null): void {
    const more = deed === 'transfer' ? { to: to ?? null } : {};
    this.#ask(conversation, ref => ({ type: `conversation.${deed}`, ref, conversation, ...more }));
  }

  /** I am away, or available again. */
  setAway(away: boolean): void {
    this.#ask(MYSELF, ref => ({ type: 'presence.set', ref, away }));
  }

  #ask(conversation: string, frame: (ref: string) => ClientFrame): void {
    if (this.#requests.has(conversation)) return;
    const { clock, newRef, send, changed } = this.options;
    const ref = newRef();
    this.#problems.delete(conversation);
    if (send(frame(ref))) {
      const cancel = clock.after(ANSWER_MS, () => this.#end(conversation, 'no_answer'));
      this.#requests.set(conversation, { ref, cancel });
    } else {
      this.#problems.set(conversation, 'unreachable');
    }
    changed();
  }

  done(frame: Done): void {
    const conversation = this.#byRef(frame.ref);
    if (conversation !== undefined) this.#end(conversation, null);
  }

  /** Takes an error that answers one of these requests; false for any other. */
  refused(error: WireError): boolean {
    const conversation = error.ref === null ? undefined : this.#byRef(error.ref);
    if (conversation === undefined) return false;
    this.#end(conversation, error.code);
    return true;
  }

  /** Answers will not come any more; how things stand, the next `welcome` tells. */
  disconnected(): void {
    for (const conversation of [...this.#requests.keys()]) this.#end(conversation, null);
  }

  #end(conversation: string, problem: string | null): void {
    this.#requests.get(conversation)?.cancel();
    this.#requests.delete(conversation);
    if (problem !== null) this.#problems.set(conversation, problem);
    this.options.changed();
  }

  #byRef(ref: string): string | undefined {
    for (const [conversation, request] of this.#requests) {
      if (request.ref === ref) return conversation;
    }
    return undefined;
  }
}
