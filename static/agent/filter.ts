// Which conversations the list shows.

import { signal } from '@preact/signals';
import type { Directory } from '../shared/core/directory';
import { waitingIn } from '../shared/core/queue';
import type { Conversation, Tag } from '../shared/core/wire';
import { tabStore } from '../shared/stores';
import { isMine } from './mine';

export type Filter = 'waiting' | 'mine' | 'all' | 'closed';

export const FILTERS: readonly Filter[] = ['waiting', 'mine', 'all', 'closed'];

const KEY = 'kefu.filter';

export const filter = signal<Filter>(kept());

export function choose(next: Filter): void {
  filter.value = next;
  tabStore.set(KEY, next);
}

/** Only those with this tag; null: with any or none. */
export const tagFilter = signal<Tag | null>(null);

/** What the list shows now. */
export function shown(directory: Directory, myId: string | null): readonly Conversation[] {
  const tag = tagFilter.value;
  const list = filtered(directory, filter.value, myId);
  return tag === null ? list : list.filter(item => item.tags?.some(({ id }) => id === tag.id));
}

/** Those that wait by how long they have, the others by latest activity; among all of them, what has
 * ended comes last. */
export function filtered(directory: Directory, by: Filter, myId: string | null) {
  const { list } = directory;
  const closed = list.filter(item => item.status === 'closed');
  switch (by) {
    case 'waiting':
      return waitingIn(directory);
    case 'mine':
      return list.filter(item => isMine(item, myId));
    case 'all':
      return [...list.filter(item => item.status !== 'closed'), ...closed];
    case 'closed':
      return closed;
  }
}

function kept(): Filter {
  const key = tabStore.get(KEY);
  return FILTERS.find(known => known === key) ?? 'all';
}
