// Which conversations the list shows.

import { signal } from '@preact/signals';
import { tabStore } from '../shared/browser';
import type { Directory } from '../shared/core/directory';
import { isMine } from './mine';

export type Filter = 'waiting' | 'mine' | 'all' | 'closed';

export const FILTERS: readonly Filter[] = ['waiting', 'mine', 'all', 'closed'];

const KEY = 'kefu.filter';

export const filter = signal<Filter>(kept());

export function choose(next: Filter): void {
  filter.value = next;
  tabStore.set(KEY, next);
}

/** Those that wait by how long they have, the others by latest activity. "All" is what goes on. */
export function shown(directory: Directory, by: Filter, myId: string | null) {
  switch (by) {
    case 'waiting':
      return directory.waiting;
    case 'mine':
      return directory.list.filter(item => isMine(item, myId));
    case 'all':
      return directory.list.filter(item => item.status !== 'closed');
    case 'closed':
      return directory.list.filter(item => item.status === 'closed');
  }
}

function kept(): Filter {
  const key = tabStore.get(KEY);
  return FILTERS.find(known => known === key) ?? 'all';
}
