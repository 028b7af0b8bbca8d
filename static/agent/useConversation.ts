// Opens the conversation that the address names, also one too old to be in the list.

import { useEffect, useState } from 'preact/hooks';
import type { Chat } from '../shared/core/chat';
import type { WireError } from '../shared/core/wire';
import { conversation } from './api';

/** Why the conversation cannot be shown; null while it can, or may yet. */
export function useConversation(chat: Chat, id: string | null): WireError | null {
  const [problem, setProblem] = useState<{ id: string; error: WireError } | null>(null);
  const known = id !== null && chat.directory.get(id) !== undefined;
  const { welcomed } = chat;
  const { phase } = chat.connection;

  useEffect(() => {
    if (id === null || !welcomed) return;
    if (known) {
      chat.open(id);
      return;
    }
    let current = true;
    conversation(id).then(({ ok, error }) => {
      if (!current) return;
      if (error === null) chat.learn(ok);
      else setProblem({ id, error });
    });
    return () => {
      current = false;
    };
    // A new connection is a new chance for what failed.
  }, [chat, id, known, welcomed, phase]);

  return !known && problem?.id === id ? problem.error : null;
}
