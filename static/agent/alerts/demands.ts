// What of the conversations calls for this agent: somebody new in the queue, a customer who has written
// in a conversation that is theirs, one that was handed to them. Plain rules over the directory as it was
// and as it is, so that what came while the page was away counts as well.

import type { Conversation } from '../../shared/core/wire';
import { isMine } from '../mine';

export type Why = 'waiting' | 'written' | 'handed';

export interface Demand {
  readonly conversation: Conversation;
  readonly why: Why;
}

/** How a conversation stood when it was looked at last. */
interface Stand {
  readonly concern: Concern;
  /** The newest text of the customer. */
  readonly seq: number;
}

type Concern = 'queue' | 'mine' | 'everybody' | null;

export type Stands = ReadonlyMap<string, Stand>;

export function stands(list: readonly Conversation[], myId: string | null): Stands {
  return new Map(list.map(item => [item.id, standOf(item, myId)]));
}

/** What has come up since `before`. */
export function demands(
  before: Stands,
  list: readonly Conversation[],
  myId: string | null,
): readonly Demand[] {
  const found: Demand[] = [];
  for (const conversation of list) {
    const now = standOf(conversation, myId);
    const then = before.get(conversation.id) ?? { concern: null, seq: 0 };
    if (now.concern === null) continue;
    const why: Why | null =
      now.concern !== then.concern
        ? now.concern === 'queue'
          ? 'waiting'
          : now.concern === 'mine'
            ? 'handed'
            : null
        : null;
    if (why !== null) found.push({ conversation, why });
    else if (now.seq > then.seq) found.push({ conversation, why: 'written' });
  }
  return found;
}

/** Somebody has waited in the queue without an agent. */
export function someoneWaits(list: readonly Conversation[]): boolean {
  return list.some(item => item.status === 'waiting');
}

/** What the title and the icon count: unread messages of those who wait, and in one's own. */
export function countOf(list: readonly Conversation[], myId: string | null): number {
  return list.reduce((sum, item) => (concernOf(item, myId) === null ? sum : sum + item.unread), 0);
}

function standOf(conversation: Conversation, myId: string | null): Stand {
  const last = conversation.last_message;
  const seq = last !== null && last.from.role === 'customer' ? last.seq : 0;
  return { concern: concernOf(conversation, myId), seq };
}

function concernOf(conversation: Conversation, myId: string | null): Concern {
  // The server tells of a new conversation before it brings the text that opened it.
  if (conversation.last_message === null) return null;
  if (conversation.customer === null) return 'everybody';
  if (conversation.status === 'waiting') return 'queue';
  return isMine(conversation, myId) ? 'mine' : null;
}
