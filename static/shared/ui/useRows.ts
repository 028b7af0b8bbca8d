// The rows of a conversation, built again only when something that they show has changed.

import { useMemo } from 'preact/hooks';
import type { Chat } from '../core/chat';
import type { Entry } from '../core/outbox';
import { buildRows, type Row } from '../core/rows';
import type { Message } from '../core/wire';

const NONE: readonly Message[] = [];

export function useRows(chat: Chat, conversation: string | null): readonly Row[] {
  const messages = (conversation && chat.timeline(conversation)?.messages) || NONE;
  const entries = chat.outbox.entries;
  const summary = conversation === null ? undefined : chat.directory.get(conversation);
  const readUpTo = summary?.read[chat.side === 'customer' ? 'agent' : 'customer'] ?? 0;
  const connected = chat.connection.phase === 'online';
  return useMemo(
    () =>
      buildRows({
        messages,
        pending: entries.filter(entry => belongs(entry, conversation)),
        isOwn: message => chat.isOwn(message),
        ownRole: chat.side,
        readUpTo,
        connected,
      }),
    [chat, conversation, messages, entries, readUpTo, connected, chat.me.id, chat.room],
  );
}

/** A customer's entry without a conversation belongs to the one that is open. */
function belongs(entry: Entry, conversation: string | null): boolean {
  return entry.conversation === null || entry.conversation === conversation;
}
