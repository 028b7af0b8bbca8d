// What is written and not sent, by conversation, kept for the tab: through reload, another
// conversation, and being signed out.

import type { Store } from './env';

export class Drafts {
  constructor(
    private readonly store: Store,
    private readonly prefix: string,
  ) {}

  get(conversation: string): string {
    return this.store.get(this.prefix + conversation) ?? '';
  }

  set(conversation: string, text: string): void {
    if (text === '') this.store.remove(this.prefix + conversation);
    else this.store.set(this.prefix + conversation, text);
  }
}
