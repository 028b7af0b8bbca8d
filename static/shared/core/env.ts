// What the core borrows from the outside world. The pages pass the browser's (browser.ts), the
// tests pass their own, so that no core module touches a clock, a socket or a store by itself.

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `task` once after `ms`; the answer cancels it. */
  after(ms: number, task: () => void): () => void;
}

/** A key-value store of strings; `sessionStorage` and `localStorage` are two. */
export interface Store {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

export interface SocketEvents {
  opened(): void;
  text(data: string): void;
  closed(code: number): void;
}

export interface Socket {
  send(text: string): void;
  close(): void;
}

export type OpenSocket = (events: SocketEvents) => Socket;

/** A store that lasts as long as the page: for tests, and where the browser refuses storage. */
export function memoryStore(): Store {
  const values = new Map<string, string>();
  return {
    get: key => values.get(key) ?? null,
    set: (key, value) => void values.set(key, value),
    remove: key => void values.delete(key),
  };
}
