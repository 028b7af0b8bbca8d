// The HTTP side of tags, and the list that the whole console shares.

import { signal } from '@preact/signals';
import { readTags, type Tag, type WireError } from '../shared/core/wire';
import { type Answer, call, field } from './api';

/** All that there are, by name. */
export const allTags = signal<readonly Tag[]>([]);

export async function loadTags(): Promise<WireError | null> {
  const { ok, error } = await call('/tags', read);
  if (ok !== null) allTags.value = ok;
  return error;
}

/** All that the conversation has now. */
export function addTag(conversation: string, name: string): Promise<Answer<readonly Tag[]>> {
  return call(`/conversations/${encodeURIComponent(conversation)}/tags`, read, { name });
}

export function removeTag(conversation: string, tag: string): Promise<Answer<readonly Tag[]>> {
  const path = `/conversations/${encodeURIComponent(conversation)}/tags/${encodeURIComponent(tag)}`;
  return call(path, read, undefined, 'DELETE');
}

function read(body: unknown): readonly Tag[] | null {
  const tags = field(body, 'tags');
  return Array.isArray(tags) ? readTags(tags) : null;
}
