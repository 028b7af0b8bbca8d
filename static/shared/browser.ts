// The browser's clock, stores, randomness, socket and attention, in the shapes that the core asks
// for (core/env.ts).

import { signal } from '@preact/signals';
import type { Connection } from './core/connection';
import { type Clock, memoryStore, type OpenSocket, type Store } from './core/env';

export const clock: Clock = {
  now: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

export function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

export const browserOnline = () => navigator.onLine;

/** The store, or memory where the browser refuses: blocked, full, or in a foreign frame. */
function safeStore(pick: () => Storage): Store {
  const memory = memoryStore();
  let storage: Storage | null = null;
  try {
    storage = pick();
  } catch {
    // Even to name it throws where cookies are blocked.
  }
  return {
    get: key => {
      const remembered = memory.get(key);
      if (remembered !== null) return remembered;
      try {
        return storage?.getItem(key) ?? null;
      } catch {
        return null;
      }
    },
    set: (key, value) => {
      try {
        if (storage === null) throw new Error('no storage');
        storage.setItem(key, value);
        memory.remove(key);
      } catch {
        memory.set(key, value);
      }
    },
    remove: key => {
      memory.remove(key);
      try {
        storage?.removeItem(key);
      } catch {
        // Nothing was kept there then.
      }
    },
  };
}

export const localStore = safeStore(() => window.localStorage);
export const tabStore = safeStore(() => window.sessionStorage);

/** The WebSocket of the server that this page came from. */
export const openSocket: OpenSocket = events => {
  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws`);
  socket.onopen = () => events.opened();
  socket.onmessage = event => {
    if (typeof event.data === 'string') events.text(event.data);
  };
  socket.onclose = event => events.closed(event.code);
  return {
    send: text => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => socket.close(),
  };
};

/** Whether somebody looks at this page: visible and focused. */
export const attention = signal(looking());

function looking(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}

export function watchAttention(): void {
  const update = () => {
    attention.value = looking();
  };
  document.addEventListener('visibilitychange', update);
  window.addEventListener('focus', update);
  window.addEventListener('blur', update);
}

/** Tells a connection what the browser knows of the network; the answer ends it. */
export function watchNetwork(connection: Connection): () => void {
  const lost = () => connection.networkLost();
  const wake = () => connection.wake();
  const visible = () => {
    if (document.visibilityState === 'visible') connection.wake();
  };
  window.addEventListener('offline', lost);
  window.addEventListener('online', wake);
  document.addEventListener('visibilitychange', visible);
  return () => {
    window.removeEventListener('offline', lost);
    window.removeEventListener('online', wake);
    document.removeEventListener('visibilitychange', visible);
  };
}

/** A mouse or trackpad: only there may a field take the focus by itself, for no keyboard pops up. */
export const finePointer = () => matchMedia('(pointer: fine)').matches;

/** iOS does not shrink the page for its keyboard (`interactive-widget`); the page does it itself. */
export function fitVisualViewport(): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const fit = () => {
    const covered = window.innerHeight - viewport.height * viewport.scale > 1;
    const root = document.documentElement.style;
    if (covered) root.setProperty('--page-height', `${viewport.height}px`);
    else root.removeProperty('--page-height');
  };
  viewport.addEventListener('resize', fit);
}
