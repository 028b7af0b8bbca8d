// The HTTP side of the audit log.

import { type Answer, call, field } from '../../agent/api';
import { object, text, textOrNull } from '../../shared/core/json';
import type { Page } from '../Pages';
import { type Asked, queryOf } from './place';

export interface Entry {
  readonly id: string;
  readonly at: string;
  /** Empty for customers, strangers and the program itself. */
  readonly username: string;
  readonly address: string | null;
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string } | null;
  /** Names and values, as JSON has them. */
  readonly details: readonly (readonly [string, string])[];
}

export function entries(
  asked: Asked,
  before: string | null,
  limit = 50,
): Promise<Answer<Page<Entry>>> {
  const query = queryOf(asked);
  query.set('limit', String(limit));
  if (before !== null) query.set('before', before);
  return call(`/audit?${query}`, body => {
    const found = field(body, 'entries');
    if (!Array.isArray(found)) return null;
    return { items: found.flatMap(readEntry), next: textOrNull(field(body, 'next')) };
  });
}

export type Format = 'csv' | 'jsonl';

/** Where all that fits is to be had as a file. */
export function exportAddress(asked: Asked, format: Format): string {
  const query = queryOf(asked);
  query.set('format', format);
  return `/api/v1/audit/export?${query}`;
}

function readEntry(value: unknown): Entry[] {
  const entry = object(value);
  if (entry === null) return [];
  const subject = object(entry.subject);
  const details = object(entry.details) ?? {};
  return [
    {
      id: text(entry.id),
      at: text(entry.at),
      username: text(entry.username),
      address: textOrNull(entry.address),
      action: text(entry.action),
      subject: subject && { kind: text(subject.kind), id: text(subject.id) },
      details: Object.entries(details).map(([name, what]) => [
        name,
        typeof what === 'string' ? what : JSON.stringify(what),
      ]),
    },
  ];
}
