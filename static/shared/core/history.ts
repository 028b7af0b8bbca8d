// Asks for pages of history and puts the answers into their timelines: the newest page of a
// conversation, the one before what is held, or what a hole lacks. One request at a time for
// each conversation.

import type { Clock } from './env';
import type { PageKind, Timeline } from './timeline';
import type { ClientFrame, HistoryPage, WireError } from './wire';

export interface HistoryOptions {
  clock: Clock;
  newRef: () => string;
  send: (frame: ClientFrame) => boolean;
  changed: () => void;
  timeline: (conversation: string) => Timeline | undefined;
}

interface Request {
  readonly ref: string;
  readonly kind: PageKind;
  readonly cancel: () => void;
}

const ANSWER_MS = 10_000;

export class History {
  readonly #requests = new Map<string, Request>();
  readonly #failed = new Set<string>();

  constructor(private readonly options: HistoryOptions) {}

  loading(conversation: string): boolean {
    return this.#requests.has(conversation);
  }

  /** Whether the last request got an error or no answer: "Could not load", Try again. */
  failed(conversation: string): boolean {
    return this.#failed.has(conversation);
  }

  /** `limit`: how many at most, where it is not to be the usual number. */
  load(conversation: string, kind: PageKind, limit?: number): void {
    const { clock, newRef, send, timeline } = this.options;
    const held = timeline(conversation);
    if (held === undefined || this.#requests.has(conversation)) return;
    if (kind === 'older' && !held.hasOlder) return;
    const ref = newRef();
    const sent = send({
      type: 'history',
      ref,
      conversation,
      ...(kind === 'older' && { before: held.first }),
      ...(kind === 'hole' && { after: held.last }),
      ...(limit && { limit }),
    });
    if (!sent) return;
    const cancel = clock.after(ANSWER_MS, () => this.#fail(conversation));
    this.#failed.delete(conversation);
    this.#requests.set(conversation, { ref, kind, cancel });
    this.options.changed();
  }

  /** Whether the page was one that was asked for. */
  answered(page: HistoryPage): boolean {
    const request = this.#requests.get(page.conversation);
    if (request === undefined || request.ref !== page.ref) return false;
    this.#end(page.conversation);
    const timeline = this.options.timeline(page.conversation);
    timeline?.page(request.kind, page.messages, page.more);
    if (timeline?.hasHole && page.messages.length > 0) this.load(page.conversation, 'hole');
    return true;
  }

  refused(error: WireError): void {
    for (const [conversation, request] of this.#requests) {
      if (request.ref === error.ref) this.#fail(conversation);
    }
  }

  /** Some frame was over the limit, and nobody says which: what may be ours is asked again. */
  throttled(waitMs: number): void {
    for (const [conversation, request] of [...this.#requests]) {
      request.cancel();
      const cancel = this.options.clock.after(waitMs, () => {
        this.#requests.delete(conversation);
        this.load(conversation, request.kind);
      });
      this.#requests.set(conversation, { ...request, cancel });
    }
  }

  /** Answers will not come any more; the next `welcome` asks anew for what is needed. */
  disconnected(): void {
    for (const conversation of [...this.#requests.keys()]) this.#end(conversation);
  }

  #fail(conversation: string): void {
    this.#end(conversation);
    this.#failed.add(conversation);
    this.options.changed();
  }

  #end(conversation: string): void {
    this.#requests.get(conversation)?.cancel();
    this.#requests.delete(conversation);
  }
}
