// The HTTP side of the history.

import { type Answer, call, field } from '../agent/api';
import type { Piece } from '../agent/Excerpt';
import { count, object, text, textOrNull } from '../shared/core/json';
import {
  type Conversation,
  type Message,
  type Person,
  readConversation,
  readError,
  readMessage,
  readPersonOrNull,
  type WireError,
} from '../shared/core/wire';
import type { Page } from './Pages';
import { type Filter, queryOf } from './place';

export interface Row {
  readonly conversation: Conversation;
  readonly ended: string | null;
  readonly firstResponseMs: number | null;
  readonly messages: number;
  readonly rating: { readonly score: number; readonly comment: string } | null;
  readonly excerpt: readonly Piece[];
}

export function whoAmI(): Promise<Answer<Person>> {
  return call('/me', body => readPersonOrNull(field(body, 'me')));
}

/** The time zone of this browser, whose days those of a filter are. */
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

function asked(filter: Filter): URLSearchParams {
  const query = queryOf(filter);
  query.set('tz', zone());
  return query;
}

export function rows(filter: Filter, before: string | null): Promise<Answer<Page<Row>>> {
  const query = asked(filter);
  query.set('limit', '50');
  if (before !== null) query.set('before', before);
  return rowsOf(query);
}

/** A page of what is asked for. */
export function rowsOf(query: URLSearchParams): Promise<Answer<Page<Row>>> {
  return call(`/history?${query}`, body => {
    const found = field(body, 'rows');
    if (!Array.isArray(found)) return null;
    return { items: found.flatMap(readRow), next: textOrNull(field(body, 'next')) };
  });
}

function readRow(value: unknown): Row[] {
  const row = object(value);
  const conversation = readConversation(row?.conversation);
  if (row === null || conversation === null) return [];
  const rating = object(row.rating);
  const first = row.first_response_ms;
  const excerpt = Array.isArray(row.excerpt) ? row.excerpt : [];
  return [
    {
      conversation,
      ended: textOrNull(row.ended_at),
      firstResponseMs: typeof first === 'number' ? first : null,
      messages: count(row.messages),
      rating:
        rating === null ? null : { score: count(rating.score), comment: text(rating.comment) },
      excerpt: excerpt.map(piece => ({
        text: text(object(piece)?.text),
        hit: object(piece)?.hit === true,
      })),
    },
  ];
}

export interface Messages {
  readonly messages: readonly Message[];
  readonly more: boolean;
}

/** What was said after a message, or from the beginning. */
export async function transcript(id: string, after: number): Promise<Answer<Messages>> {
  const path = `/history/${encodeURIComponent(id)}/messages?after=${after}&limit=200`;
  return call(path, body => {
    const found = field(body, 'messages');
    if (!Array.isArray(found)) return null;
    const messages = found.map(readMessage).filter(message => message !== null);
    return { messages, more: field(body, 'more') === true };
  });
}

export type Format = 'csv' | 'jsonl' | 'html';

export interface Part {
  readonly bytes: Blob;
  readonly next: string | null;
  readonly conversations: number;
  readonly messages: number;
  /** When the conversation began that came last. */
  readonly reached: string | null;
}

/** A part of an export; the cursor is empty for the first. */
export async function exportPart(
  filter: Filter,
  format: Format,
  language: string,
  cursor: string,
  signal: AbortSignal,
): Promise<Answer<Part>> {
  const query = asked(filter);
  query.set('format', format);
  query.set('language', language);
  query.set('part', cursor);
  let response: Response;
  try {
    response = await fetch(`/api/v1/history/export?${query}`, { signal });
    if (response.ok) {
      const { headers } = response;
      const part = {
        bytes: await response.blob(),
        next: headers.get('kefu-next'),
        conversations: Number(headers.get('kefu-conversations')),
        messages: Number(headers.get('kefu-messages')),
        reached: headers.get('kefu-reached'),
      };
      return { ok: part, error: null };
    }
  } catch {
    return { ok: null, error: unreachable };
  }
  const error = readError(await response.json().catch(() => null));
  return { ok: null, error: error ?? unreachable };
}

const unreachable: WireError = {
  type: 'error',
  ref: null,
  code: 'unreachable',
  message: '',
  retryable: true,
  retry_after_ms: null,
  until: null,
};
