// How much went, in words.

import { sizeOf } from '../../shared/files/check';
import type { AdminWords } from '../adminWords';
import type { Count } from './cleanupApi';

export function counted(count: Count, words: AdminWords, tag: string): string {
  return words.cleanup.count(
    words.number(count.conversations),
    words.number(count.messages),
    words.number(count.files),
    sizeOf(count.bytes, tag),
  );
}
