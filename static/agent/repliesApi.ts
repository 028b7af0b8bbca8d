// The HTTP side of saved replies, and the list that the whole console shares.

import { signal } from '@preact/signals';
import type { WireError } from '../shared/core/wire';
import { type Answer, call, field } from './api';
import type { SavedReply } from './replies';

/** One's own and everybody's, by shortcut; null until they came. */
export const savedReplies = signal<readonly SavedReply[] | null>(null);

export type ReplyContent = Omit<SavedReply, 'id'>;

/** Asks for the list, so that what others changed shows, too. */
export async function loadReplies(): Promise<WireError | null> {
  const { ok, error } = await call('/saved-replies', body => {
    const found = field(body, 'saved_replies');
    return Array.isArray(found) ? found.map(readReply).filter(reply => reply !== null) : null;
  });
  if (ok !== null) savedReplies.value = ok;
  return error;
}

/** Makes one, or with an `id` changes that one. */
export async function putReply(
  id: string | null,
  content: ReplyContent,
): Promise<Answer<SavedReply>> {
  const path = id === null ? '/saved-replies' : `/saved-replies/${encodeURIComponent(id)}`;
  const answer = await call(
    path,
    body => readReply(field(body, 'saved_reply')),
    content,
    id === null ? 'POST' : 'PUT',
  );
  if (answer.error === null) await loadReplies();
  return answer;
}

export async function deleteReply(id: string): Promise<Answer<true>> {
  const path = `/saved-replies/${encodeURIComponent(id)}`;
  const answer = await call(path, () => true as const, undefined, 'DELETE');
  if (answer.error === null) await loadReplies();
  return answer;
}

function readReply(value: unknown): SavedReply | null {
  const [id, shortcut, text] = ['id', 'shortcut', 'text'].map(name => field(value, name));
  const title = field(value, 'title');
  if (typeof id !== 'string' || typeof shortcut !== 'string' || typeof text !== 'string')
    return null;
  return {
    id,
    shortcut,
    title: typeof title === 'string' ? title : null,
    text,
    shared: field(value, 'shared') === true,
  };
}
