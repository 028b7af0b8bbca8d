// What a list of messages shows, row by row: day headings, groups, sides, states. Knows no DOM.

import { dayNumber } from './i18n';
import type { Entry, OutFile } from './outbox';
import type { ConversationEvent, FileInfo, Message, Person } from './wire';

export type SendState = 'uploading' | 'waiting' | 'sending' | 'failed' | 'sent' | 'read';

export interface DayRow {
  readonly kind: 'day';
  readonly key: string;
  readonly at: number;
}

export interface EventRow {
  readonly kind: 'event';
  readonly key: string;
  readonly at: number;
  readonly text: string;
  /** What happened, to be said in the reader's language; null: only the text is known. */
  readonly event: ConversationEvent | null;
  /** Who did it. */
  readonly from: Person;
  readonly own: boolean;
}

export interface MessageRow {
  readonly kind: 'message';
  readonly key: string;
  readonly at: number;
  /** Empty where there is only a file. */
  readonly text: string;
  readonly file: FileInfo | OutFile | null;
  /** Null for what I am sending. */
  readonly from: Person | null;
  readonly own: boolean;
  /** For agents only. */
  readonly note: boolean;
  readonly side: 'start' | 'end';
  /** The first of its group carries the name, the last the time. */
  readonly first: boolean;
  readonly last: boolean;
  readonly state: SendState | null;
  readonly error: string | null;
  /** When one that was too much is sent again. */
  readonly retryAt: number | null;
  /** Of an entry of the outbox, for Try again and Delete. */
  readonly clientId: string | null;
}

export type Row = DayRow | EventRow | MessageRow;

export interface RowsInput {
  readonly messages: readonly Message[];
  readonly pending: readonly Entry[];
  readonly isOwn: (message: Message) => boolean;
  /** Whose messages stand on the end side beside my own: colleagues'. */
  readonly ownRole: string;
  /** How far the other side has read. */
  readonly readUpTo: number;
  readonly connected: boolean;
}

const GROUP_MS = 2 * 60_000;

export function buildRows(input: RowsInput): Row[] {
  const items = [
    ...input.messages.map(m => stored(m, input)),
    ...input.pending.map(e => sent(e, input)),
  ];
  const rows: Row[] = [];
  let day: number | null = null;
  let previous: MessageRow | EventRow | null = null;
  for (const item of items) {
    if (Number.isFinite(item.at) && dayNumber(item.at) !== day) {
      day = dayNumber(item.at);
      rows.push({ kind: 'day', key: `d${day}-${item.key}`, at: item.at });
      previous = null;
    }
    if (item.kind === 'message') {
      const before: MessageRow | null = joined(previous, item);
      if (before !== null) rows[rows.length - 1] = { ...before, last: false };
      previous = { ...item, first: before === null };
    } else {
      previous = item;
    }
    rows.push(previous);
  }
  return markSent(rows, input);
}

/** The key of my own stays what it was in the outbox, so that the row is the same element. */
export function keyOf(message: Message, own: boolean): string {
  const isSaid = message.kind !== 'event' && message.from.role !== 'system';
  return isSaid && own && message.client_id !== null ? `c${message.client_id}` : `s${message.seq}`;
}

function stored(message: Message, input: RowsInput): MessageRow | EventRow {
  const at = Date.parse(message.sent_at);
  if (message.kind === 'event' || message.from.role === 'system') {
    const { event, from, text } = message;
    const own = input.isOwn(message);
    return { kind: 'event', key: `s${message.seq}`, at, text, event, from, own };
  }
  const own = input.isOwn(message);
  const colleague = input.ownRole === 'agent' && message.from.role === 'agent';
  return {
    kind: 'message',
    key: keyOf(message, own),
    at,
    // The server puts a file's name where nothing is said to it.
    text: message.text === message.file?.name ? '' : message.text,
    file: message.file,
    from: message.from,
    own,
    note: message.kind === 'note',
    side: own || colleague ? 'end' : 'start',
    first: true,
    last: true,
    state: null,
    error: null,
    retryAt: null,
    clientId: null,
  };
}

function sent(entry: Entry, input: RowsInput): MessageRow {
  const waiting = entry.state === 'queued' && !input.connected;
  const states = { queued: waiting ? 'waiting' : 'sending', sending: 'sending' } as const;
  return {
    kind: 'message',
    key: `c${entry.clientId}`,
    at: entry.writtenAt,
    text: entry.text,
    file: entry.file,
    from: null,
    own: true,
    note: entry.kind === 'note',
    side: 'end',
    first: true,
    last: true,
    state:
      entry.state === 'queued' || entry.state === 'sending' ? states[entry.state] : entry.state,
    error: entry.error,
    retryAt: entry.retryAt,
    clientId: entry.clientId,
  };
}

/** The row before, where `b` continues its group: same person, within two minutes. */
function joined(a: MessageRow | EventRow | null, b: MessageRow): MessageRow | null {
  if (a?.kind !== 'message' || a.side !== b.side || a.own !== b.own || a.note !== b.note)
    return null;
  if (!a.own && (a.from?.role !== b.from?.role || a.from?.id !== b.from?.id)) return null;
  return b.at - a.at < GROUP_MS ? a : null;
}

/** "Read" under the last of mine that the other side has read, "Sent" under the last of all. Nobody
 * on the other side reads a note. */
function markSent(rows: Row[], input: RowsInput): Row[] {
  const readKey = lastOwn(input, message => message.seq <= input.readUpTo);
  const sentKey = input.pending.length > 0 ? null : lastOwn(input, () => true);
  return rows.map(row => {
    if (row.kind !== 'message' || row.state !== null) return row;
    if (row.key === readKey) return { ...row, state: 'read' };
    return row.key === sentKey ? { ...row, state: 'sent' } : row;
  });
}

function lastOwn(input: RowsInput, accept: (message: Message) => boolean): string | null {
  const message = input.messages.findLast(
    m => m.kind !== 'event' && m.kind !== 'note' && input.isOwn(m) && accept(m),
  );
  if (message === undefined) return null;
  return message.client_id === null ? `s${message.seq}` : `c${message.client_id}`;
}
