// Everything about files that is not needed before the first of them: fetched when somebody takes one
// in hand, or a message brings one.

import { signal } from '@preact/signals';
import type { Chat } from '../core/chat';
import { insist } from '../insist';

export type FilesUi = typeof import('../files');

/** Null until it is here. */
export const filesUi = signal<FilesUi | null>(null);

let coming: Promise<FilesUi> | null = null;

export function loadFiles(): Promise<FilesUi> {
  coming ??= insist(() => import('../files')).then(ui => {
    filesUi.value = ui;
    return ui;
  });
  return coming;
}

/** Where files go from a composer. */
export interface Attach {
  readonly chat: Chat;
  /** Which composer's: what is chosen there stays while another conversation is looked at. */
  readonly key: string;
  readonly conversation: string | null;
  readonly kind: 'file' | 'note';
}
