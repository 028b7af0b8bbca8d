// Files on their way up. The outbox knows of each and posts it once it is up; here are the bytes, one
// request at a time so that files arrive in the order in which they were sent.

import { type Signal, signal } from '@preact/signals';
import type { Chat } from '../core/chat';
import { readError, readFile } from '../core/wire';
import type { Attach } from '../ui/files';
import { keepBlob } from './blobs';

interface Job {
  readonly clientId: string;
  readonly file: File;
  readonly preview: string | null;
  /** From 0 to 1. */
  readonly progress: Signal<number>;
  request: XMLHttpRequest | null;
  tries: number;
}

/** How often a request that the network broke is made again. */
const TRIES = 3;
const RETRY_MS = 1_000;
/** Characters of a name that are sent; the server cuts it shorter still. */
const NAME_CHARS = 150;
/** Halves of characters, which cannot be encoded. */
const LONELY = /\p{Surrogate}/gu;

const byChat = new WeakMap<Chat, Uploads>();

export function uploadsOf(chat: Chat): Uploads {
  const known = byChat.get(chat) ?? new Uploads(chat);
  byChat.set(chat, known);
  return known;
}

class Uploads {
  readonly #jobs = new Map<string, Job>();
  #busy: Job | null = null;

  constructor(private readonly chat: Chat) {}

  send(attach: Attach, files: readonly File[]): void {
    for (const file of files) {
      const { name, size, type } = file;
      const out = { id: null, name: name || 'file', size, type };
      const { clientId } = this.chat.outbox.add(attach.conversation, '', attach.kind, out);
      this.#jobs.set(clientId, {
        clientId,
        file,
        preview: type.startsWith('image/') ? URL.createObjectURL(file) : null,
        progress: signal(0),
        request: null,
        tries: 0,
      });
    }
    this.#next();
  }

  /** How much of it is up; null where these bytes are not here. */
  progress(clientId: string): Signal<number> | null {
    return this.#jobs.get(clientId)?.progress ?? null;
  }

  preview(clientId: string | null): string | null {
    return (clientId !== null && this.#jobs.get(clientId)?.preview) || null;
  }

  retry(clientId: string): void {
    this.chat.outbox.retry(clientId);
    const waits = this.chat.outbox.entries.some(
      entry => entry.clientId === clientId && entry.state === 'uploading',
    );
    const job = this.#jobs.get(clientId);
    if (waits && job === undefined) this.chat.outbox.uploaded(clientId, null, 'file_lost');
    if (job !== undefined) job.tries = 0;
    this.#next();
  }

  /** Cancel, or Delete. */
  remove(clientId: string): void {
    this.chat.outbox.remove(clientId);
    const job = this.#jobs.get(clientId);
    this.#jobs.delete(clientId);
    if (job?.preview) URL.revokeObjectURL(job.preview);
    job?.request?.abort();
    if (job !== undefined && this.#busy === job) this.#done();
  }

  #next(): void {
    if (this.#busy !== null) return;
    const waiting = this.chat.outbox.entries.find(
      entry => entry.state === 'uploading' && this.#jobs.has(entry.clientId),
    );
    const job = waiting && this.#jobs.get(waiting.clientId);
    if (job === undefined) return;
    this.#busy = job;
    this.#request(job);
  }

  #done(): void {
    this.#busy = null;
    this.#next();
  }

  #request(job: Job): void {
    const { token } = this.chat;
    const request = new XMLHttpRequest();
    job.request = request;
    job.progress.value = 0;
    request.open('POST', '/api/v1/files');
    if (token !== null) request.setRequestHeader('Authorization', `Bearer ${token}`);
    const name = [...job.file.name].slice(-NAME_CHARS).join('');
    request.setRequestHeader('X-File-Name', encodeURIComponent(name.replace(LONELY, '_')));
    request.upload.onprogress = event => {
      if (event.lengthComputable) job.progress.value = event.loaded / event.total;
    };
    request.onload = () => this.#answered(job, request);
    request.onerror = () => this.#broken(job);
    // The server takes it by its content; a type here would make the browser say more than it knows.
    request.send(job.file.slice(0, job.file.size, 'application/octet-stream'));
  }

  #answered(job: Job, request: XMLHttpRequest): void {
    let body: unknown = null;
    try {
      body = JSON.parse(request.responseText);
    } catch {
      // A proxy answered in its own words.
    }
    const stored = readFile((body as { file?: unknown } | null)?.file);
    if (request.status === 201 && stored !== null) {
      job.progress.value = 1;
      if (job.preview !== null) keepBlob(stored.id, job.preview);
      this.chat.outbox.uploaded(job.clientId, stored.id);
      this.#done();
      return;
    }
    const code = request.status === 413 ? 'file_too_large' : 'unknown';
    this.#fail(job, readError(body)?.code ?? code);
  }

  /** The network broke it: again when there is one. */
  #broken(job: Job): void {
    const isOnline = this.chat.connection.phase === 'online';
    if (isOnline) job.tries += 1;
    if (job.tries >= TRIES) {
      this.#fail(job, 'unreachable');
      return;
    }
    setTimeout(() => {
      if (this.#busy !== job || job.request?.readyState !== XMLHttpRequest.DONE) return;
      if (this.chat.connection.phase === 'online') this.#request(job);
      else if (this.chat.connection.phase === 'closed') this.#fail(job, 'unreachable');
      else this.#broken(job);
    }, RETRY_MS);
  }

  #fail(job: Job, code: string): void {
    this.chat.outbox.uploaded(job.clientId, null, code);
    this.#done();
  }
}
