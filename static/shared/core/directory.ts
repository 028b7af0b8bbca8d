// The conversations that this page knows of, and what changes in them: last message, unread
// count, read marks, who is there. Holds summaries, not messages (timeline.ts does).

import type { Conversation, Message, Presence, Side, Tag } from './wire';

export class Directory {
  #conversations = new Map<string, Conversation>();
  #sorted: readonly Conversation[] | null = null;

  constructor(private readonly side: Side) {}

  get(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }

  /** By latest activity; the same array until something changes. */
  get list(): readonly Conversation[] {
    this.#sorted ??= [...this.#conversations.values()].sort(byActivity);
    return this.#sorted;
  }

  /** The conversation that a customer is in: the one that goes on (there is one at most, and an older one
   * may have been reopened), else the one that began last. */
  get current(): Conversation | undefined {
    return [...this.#conversations.values()].sort(
      (a, b) =>
        Number(a.status === 'closed') - Number(b.status === 'closed') ||
        compare(b.created_at, a.created_at) ||
        b.id.length - a.id.length ||
        compare(b.id, a.id),
    )[0];
  }

  put(conversation: Conversation): void {
    const known = this.get(conversation.id);
    this.#set({
      ...conversation,
      last_message: conversation.last_message ?? known?.last_message ?? null,
      tags: conversation.tags ?? known?.tags ?? null,
    });
  }

  /** These are all of its tags now. */
  tagged(id: string, tags: readonly Tag[]): void {
    const known = this.get(id);
    if (known !== undefined) this.#set({ ...known, tags });
  }

  posted(message: Message): void {
    const known = this.get(message.conversation);
    if (known === undefined) return;
    // `conversation.changed` may already count a message that is only now delivered.
    const isNew = message.seq > known.last_seq;
    const isOthers = message.from.role !== this.side && message.from.role !== 'system';
    const isUnread = isOthers && isNew && message.seq > known.read[this.side];
    if (!isNew && message.seq < (known.last_message?.seq ?? 0)) return;
    // A list shows what was said, not what happened, and never a note.
    const isSaid = message.kind !== 'event' && message.kind !== 'note';
    this.#set({
      ...known,
      last_seq: Math.max(known.last_seq, message.seq),
      last_message: isSaid ? message : known.last_message,
      last_message_at: message.sent_at,
      unread: known.unread + (isUnread && isSaid ? 1 : 0),
    });
  }

  /** A side has read up to `seq`; it never goes back. */
  read(id: string, side: Side, seq: number): void {
    const known = this.get(id);
    if (known === undefined || seq <= known.read[side]) return;
    const left = Math.max(0, known.last_seq - seq);
    this.#set({
      ...known,
      read: { ...known.read, [side]: seq },
      unread: side === this.side ? Math.min(known.unread, left) : known.unread,
    });
  }

  /** A customer came or went. */
  presence(presence: Presence): void {
    for (const known of this.#conversations.values()) {
      if (known.customer?.id !== presence.id || known.customer.online === presence.online) continue;
      this.#set({ ...known, customer: { ...known.customer, online: presence.online } });
    }
  }

  #set(conversation: Conversation): void {
    this.#conversations.set(conversation.id, conversation);
    this.#sorted = null;
  }
}

function byActivity(a: Conversation, b: Conversation): number {
  return compare(b.last_message_at, a.last_message_at) || compare(b.id, a.id);
}

export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
