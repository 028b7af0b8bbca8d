// The browser's clock, randomness, socket and attention, in the shapes that the core asks for
// (core/env.ts).

import { signal } from '@preact/signals';
import type { Connection } from './core/connection';
import type { Clock, OpenSocket } from './core/env';

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
