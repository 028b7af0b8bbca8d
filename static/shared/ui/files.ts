// Everything about files that is not needed before the first of them: fetched when somebody takes one
// in hand, or a message brings one.

import { signal } from '@preact/signals';
import type { Chat } from '../core/chat';

export type FilesUi = typeof import('../files');

/** Null until it is here. */
export const filesUi = signal<FilesUi | null>(null);

let coming: Promise<FilesUi> | null = null;

/** Without a network there is nothing to be had: tries until there is one. */
export function loadFiles(): Promise<FilesUi> {
  coming ??= fetchFiles().then(ui => {
    filesUi.value = ui;
    return ui;
  });
  return coming;
}

const RETRY_MS = 1_000;

async function fetchFiles(): Promise<FilesUi> {
  for (;;) {
    try {
      return await import('../files');
    } catch {
      await new Promise(resolve => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Where files go from a composer. */
export interface Attach {
  readonly chat: Chat;
  /** Which composer's: what is chosen there stays while another conversation is looked at. */
  readonly key: string;
  readonly conversation: string | null;
  readonly kind: 'file' | 'note';
}
