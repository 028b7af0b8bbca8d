// The queue, as agents see it.

import { compare, type Directory } from './directory';
import type { Conversation } from './wire';

/** Those that wait, the longest first. */
export function waitingIn(directory: Directory): readonly Conversation[] {
  return directory.list
    .filter(item => item.status === 'waiting')
    .sort(
      (a, b) =>
        compare(a.waiting_since ?? a.created_at, b.waiting_since ?? b.created_at) ||
        a.id.length - b.id.length ||
        compare(a.id, b.id),
    );
}
