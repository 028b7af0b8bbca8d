// What this tab wrote and the server has not shown yet. Each entry has its `client_id` before the
// first try and is kept in the tab's store until it is acknowledged, so that a reload or a
// restart of the server loses nothing and, because the key stays the same, repeats nothing.
//
//   uploading → queued (files only: the file is up) or → failed
//   queued → sending → sent (gone once the timeline shows it)
//   sending → queued (the connection dropped, or an error that is worth another try)
//   sending → failed (any other error, or no answer in time) → retry() or remove()
//
// In each conversation one is under way at a time, so that what was written first stands first; what has
// failed and a file that is not up yet hold up nothing, and stand where they are when they can be sent.

import type { Clock, Store } from './env';
import { count, object, textOrNull, text as words } from './json';
import type { Accepted, ClientFrame, Message, WireError } from './wire';

/** A file on its way; what it is, the server finds out for itself. */
export interface OutFile {
  /** Null until it is up. The bytes are elsewhere, and do not outlast the page. */
  readonly id: string | null;
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

export interface Entry {
  readonly clientId: string;
  /** Null: "my current conversation", which the server knows. */
  readonly conversation: string | null;
  readonly text: string;
  /** A note is for agents only, however often it has to be sent. */
  readonly kind: 'text' | 'note' | 'file';
  readonly file: OutFile | null;
  readonly writtenAt: number;
  readonly state: 'uploading' | 'queued' | 'sending' | 'sent' | 'failed';
  /** The server's code, or `no_answer`, or `file_lost` (the page that had the file is gone); of one that
   * is queued, why it has to wait. */
  readonly error: string | null;
  /** When one that was too much is sent again. */
  readonly retryAt: number | null;
  /** Known once it is sent. */
  readonly seq: number | null;
}

export interface OutboxOptions {
  clock: Clock;
  store: Store;
  newId: () => string;
  newRef: () => string;
  /** False when the frame could not be sent. */
  send: (frame: ClientFrame) => boolean;
  changed: () => void;
}

const ANSWER_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/** How an entry stands with the server; not kept, for a new page begins anew. */
interface Try {
  ref: string;
  tries: number;
  notBefore: number;
  cancel: () => void;
}

export class Outbox {
  #entries: readonly Entry[] = [];
  #key: string | null = null;
  readonly #tries = new Map<string, Try>();
  #connected = false;
  #cancelWake = () => {};

  constructor(private readonly options: OutboxOptions) {}

  /** Goes on with what was kept under `key`; one for each person, so that nobody sends another's
   * words. */
  openAs(key: string): void {
    if (key === this.#key) return;
    this.#key = key;
    this.#entries = load(this.options.store.get(key));
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** `file`, where there is one, has to be uploaded before the entry can be sent. */
  add(
    conversation: string | null,
    text: string,
    kind: Entry['kind'] = 'text',
    file: OutFile | null = null,
  ): Entry {
    const entry: Entry = {
      clientId: this.options.newId(),
      conversation,
      text,
      kind,
      file,
      writtenAt: this.options.clock.now(),
      state: file?.id === null ? 'uploading' : 'queued',
      error: null,
      retryAt: null,
      seq: null,
    };
    this.#replace([...this.#entries, entry]);
    this.#pump();
    return entry;
  }

  /** The file of an entry is up, or not: `error` says why. */
  uploaded(clientId: string, id: string | null, error: string | null = null): void {
    const file = this.#find(clientId)?.file;
    if (!file) return;
    if (error !== null) this.#fail(clientId, error);
    else this.#update(clientId, { state: 'queued', file: { ...file, id } });
    this.#pump();
  }

  /** "Try again" on a failed entry: the same key, so that it cannot appear twice. Where its file has
   * to go up (again), it says so by its state. */
  retry(clientId: string): void {
    const entry = this.#find(clientId);
    if (entry?.state !== 'failed') return;
    this.#tries.delete(clientId);
    // The server has forgotten a file that waited too long.
    const file =
      entry.file && entry.error === 'file_not_found' ? { ...entry.file, id: null } : entry.file;
    this.#update(clientId, {
      state: file?.id === null ? 'uploading' : 'queued',
      error: null,
      file,
    });
    this.#pump();
  }

  /** "Delete" on a failed entry, "Cancel" on a file that is not up yet. */
  remove(clientId: string): void {
    const state = this.#find(clientId)?.state;
    if (state === 'failed' || state === 'uploading') this.#forget(clientId);
  }

  /** `welcome` came. */
  connected(): void {
    this.#connected = true;
    this.#pump();
  }

  /** Whether what was under way arrived is unknown now, so it will be sent again. */
  disconnected(): void {
    this.#connected = false;
    this.#cancelWake();
    for (const entry of this.#entries) {
      if (entry.state === 'sending') this.#backToQueue(entry.clientId, 0);
    }
  }

  /** Takes the answer to one of its own messages; false for anybody else's. */
  accepted(frame: Accepted): boolean {
    const entry = this.#byRef(frame.ref);
    if (entry === undefined) return false;
    this.#settleTry(entry.clientId);
    this.#update(entry.clientId, {
      state: 'sent',
      error: null,
      conversation: frame.conversation,
      seq: frame.seq,
    });
    this.#pump();
    return true;
  }

  /** Some frame was over the limit, and nobody says which: what is under way is sent again. */
  throttled(waitMs: number): void {
    for (const entry of this.#entries) {
      if (entry.state === 'sending') this.#backToQueue(entry.clientId, waitMs);
    }
    this.#pump();
  }

  /** Takes an error that names one of its messages; false for any other. */
  refused(error: WireError): boolean {
    if (error.ref === null) return false;
    const entry = this.#byRef(error.ref);
    if (entry === undefined) return false;
    if (error.retryable) {
      const tries = this.#tries.get(entry.clientId)?.tries ?? 1;
      const backOff = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (tries - 1));
      const wait = Math.max(error.retry_after_ms ?? 0, backOff);
      this.#backToQueue(entry.clientId, wait);
      if (error.code === 'rate_limited') {
        const retryAt = this.options.clock.now() + wait;
        this.#update(entry.clientId, { error: error.code, retryAt });
      }
    } else {
      this.#fail(entry.clientId, error.code);
    }
    this.#pump();
    return true;
  }

  /** The entry that this stored message is, by its key and its sender. */
  match(message: Message, isOwn: boolean): Entry | undefined {
    if (!isOwn || message.client_id === null) return undefined;
    const entry = this.#find(message.client_id);
    const fits = entry?.conversation === null || entry?.conversation === message.conversation;
    return fits ? entry : undefined;
  }

  /** A stored message is on the timeline: its entry is done. */
  shown(message: Message, isOwn: boolean): void {
    const entry = this.match(message, isOwn);
    if (entry === undefined) return;
    this.#forget(entry.clientId);
    this.#pump();
  }

  /** The timeline holds everything up to `seq`, so what was sent up to there is on it. */
  shownUpTo(conversation: string, seq: number): void {
    for (const entry of this.#entries) {
      if (entry.conversation === conversation && entry.seq !== null && entry.seq <= seq) {
        this.#forget(entry.clientId);
      }
    }
  }

  /** Sends the first waiting entry of each conversation that has none under way. */
  #pump(): void {
    if (!this.#connected) return;
    const { clock, newRef, send } = this.options;
    this.#cancelWake();
    const busy = new Set<string | null>();
    for (const entry of this.#entries) {
      if (entry.state === 'sending') busy.add(entry.conversation);
    }
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries) {
      if (entry.state !== 'queued' || busy.has(entry.conversation)) continue;
      busy.add(entry.conversation);
      const previous = this.#tries.get(entry.clientId);
      if (previous !== undefined && previous.notBefore > clock.now()) {
        wakeAt = Math.min(wakeAt, previous.notBefore);
        continue;
      }
      const ref = newRef();
      const sent = send({
        type: 'message.post',
        ref,
        conversation: entry.conversation,
        client_id: entry.clientId,
        text: entry.text,
        ...(entry.kind !== 'text' && { kind: entry.kind }),
        ...(entry.file?.id && { file: entry.file.id }),
      });
      if (!sent) continue;
      const cancel = clock.after(ANSWER_MS, () => {
        this.#fail(entry.clientId, 'no_answer');
        this.#pump();
      });
      this.#tries.set(entry.clientId, {
        ref,
        tries: (previous?.tries ?? 0) + 1,
        notBefore: 0,
        cancel,
      });
      this.#update(entry.clientId, { state: 'sending', error: null, retryAt: null });
    }
    if (wakeAt !== Number.POSITIVE_INFINITY) {
      this.#cancelWake = clock.after(wakeAt - clock.now(), () => this.#pump());
    }
  }

  #backToQueue(clientId: string, waitMs: number): void {
    const current = this.#tries.get(clientId);
    current?.cancel();
    if (current !== undefined) current.notBefore = this.options.clock.now() + waitMs;
    this.#update(clientId, { state: 'queued' });
  }

  #fail(clientId: string, error: string): void {
    this.#tries.get(clientId)?.cancel();
    this.#update(clientId, { state: 'failed', error });
  }

  #settleTry(clientId: string): void {
    this.#tries.get(clientId)?.cancel();
    this.#tries.delete(clientId);
  }

  #forget(clientId: string): void {
    this.#settleTry(clientId);
    this.#replace(this.#entries.filter(entry => entry.clientId !== clientId));
  }

  #find(clientId: string): Entry | undefined {
    return this.#entries.find(entry => entry.clientId === clientId);
  }

  #byRef(ref: string): Entry | undefined {
    for (const [clientId, attempt] of this.#tries) {
      if (attempt.ref === ref) return this.#find(clientId);
    }
    return undefined;
  }

  #update(clientId: string, change: Partial<Entry>): void {
    this.#replace(
      this.#entries.map(entry => (entry.clientId === clientId ? { ...entry, ...change } : entry)),
    );
  }

  #replace(entries: readonly Entry[]): void {
    this.#entries = entries;
    const { store, changed } = this.options;
    const key = this.#key;
    // What is acknowledged is the server's to keep; the rest is ours.
    const kept = entries.filter(entry => entry.state !== 'sent');
    if (key !== null && kept.length === 0) store.remove(key);
    else if (key !== null) store.set(key, JSON.stringify(kept));
    changed();
  }
}

/** Reads what an earlier page left; what was under way then has to be sent again. */
function load(kept: string | null): Entry[] {
  let list: unknown;
  try {
    list = JSON.parse(kept ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return list
    .filter(
      (item): item is Entry => typeof item?.clientId === 'string' && typeof item.text === 'string',
    )
    .map(item => {
      const kept = object(item.file);
      const file = kept && {
        id: textOrNull(kept.id),
        name: words(kept.name),
        size: count(kept.size),
        type: words(kept.type),
      };
      const lost = file !== null && file.id === null;
      const failed = lost || item.state === 'failed';
      return {
        clientId: item.clientId,
        conversation: textOrNull(item.conversation),
        text: item.text,
        kind: item.kind === 'note' || item.kind === 'file' ? item.kind : 'text',
        file,
        writtenAt: count(item.writtenAt),
        state: failed ? 'failed' : 'queued',
        error: lost ? 'file_lost' : failed ? textOrNull(item.error) : null,
        retryAt: null,
        seq: null,
      };
    });
}
