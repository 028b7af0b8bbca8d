// The HTTP side of search.

import { type Conversation, readConversation } from '../shared/core/wire';
import { type Answer, call, field } from './api';
import type { Piece } from './Excerpt';

export interface Hit {
  readonly conversation: Conversation;
  /** The message that has the words; null where the name has. */
  readonly message: { readonly seq: number; readonly kind: string; readonly sentAt: string } | null;
  readonly excerpt: readonly Piece[];
}

export interface HitPage {
  readonly hits: readonly Hit[];
  /** Where to go on, also where there was no hit yet. */
  readonly next: string | null;
}

export function search(words: string, before: string | null): Promise<Answer<HitPage>> {
  const query = new URLSearchParams({ q: words, ...(before !== null && { before }) });
  return call(`/search?${query}`, body => {
    const hits = field(body, 'hits');
    const next = field(body, 'next');
    if (!Array.isArray(hits)) return null;
    return {
      hits: hits.map(readHit).filter(hit => hit !== null),
      next: typeof next === 'string' ? next : null,
    };
  });
}

function readHit(value: unknown): Hit | null {
  const conversation = readConversation(field(value, 'conversation'));
  const excerpt = field(value, 'excerpt');
  if (conversation === null || !Array.isArray(excerpt)) return null;
  const message = field(value, 'message');
  return {
    conversation,
    message:
      message === null
        ? null
        : {
            seq: Number(field(message, 'seq')),
            kind: String(field(message, 'kind')),
            sentAt: String(field(message, 'sent_at')),
          },
    excerpt: excerpt.map(piece => ({
      text: String(field(piece, 'text') ?? ''),
      hit: field(piece, 'hit') === true,
    })),
  };
}
