// Whose a conversation is.

import type { Conversation } from '../shared/core/wire';

export function isMine(conversation: Conversation, myId: string | null): boolean {
  return conversation.status === 'open' && myId !== null && conversation.agent?.id === myId;
}
