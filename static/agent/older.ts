// Conversations older than those that `welcome` brought, page by page into the directory: all of them,
// or those with a tag.

import type { Directory } from '../shared/core/directory';
import { conversations } from './api';

/** How many conversations `welcome` brings at most: with fewer there are no older ones. */
const WELCOME_HOLDS = 100;

export class OlderConversations {
  loading = false;
  failed = false;
  #next: string | null = null;
  #ended = false;

  constructor(
    private readonly directory: Directory,
    private readonly changed: () => void,
    private readonly tag: string | null = null,
  ) {}

  get hasMore(): boolean {
    return !this.#ended && this.directory.list.length >= WELCOME_HOLDS;
  }

  async load(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    this.failed = false;
    this.changed();
    const before = this.directory.list.length;
    // The first page is mostly what `welcome` told already, so it goes on until one is new.
    do {
      const page = await conversations(this.#next, this.tag);
      if (page.error !== null) {
        this.failed = true;
        break;
      }
      for (const conversation of page.ok.conversations) this.directory.put(conversation);
      this.#next = page.ok.next;
      this.#ended = this.#next === null;
    } while (!this.#ended && this.directory.list.length === before);
    this.loading = false;
    this.changed();
  }
}
