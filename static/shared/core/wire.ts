// The frames of `kefu.v1` (docs/PROTOCOL.md) as types, and the reader that turns text from the
// server into one of them. What does not fit is answered with null and ignored by the caller, so
// that a newer or a broken server cannot crash a page.

import { type Business, readBusiness } from './business';
import { count, type Json, object, text, textOrNull } from './json';

export type Side = 'customer' | 'agent';

export interface Person {
  readonly role: string;
  readonly id: string | null;
  readonly name: string | null;
}

/** What happened to a conversation: taken, released, transferred, closed, reopened, assigned, returned, or newer. */
export interface ConversationEvent {
  readonly name: string;
  readonly agent: Person | null;
}

/** A file as the server describes it; `type` by its content. */
export interface FileInfo {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly type: string;
  /** Of a picture, in pixels. */
  readonly width: number | null;
  readonly height: number | null;
}

export interface Message {
  readonly conversation: string;
  readonly seq: number;
  readonly client_id: string | null;
  readonly kind: string;
  readonly event: ConversationEvent | null;
  readonly file: FileInfo | null;
  readonly from: Person;
  readonly text: string;
  readonly sent_at: string;
}

export interface Customer {
  readonly id: string;
  readonly name: string | null;
  readonly online: boolean;
  readonly page: string | null;
  readonly language: string | null;
}

export interface Tag {
  readonly id: string;
  readonly name: string;
}

export interface Conversation {
  readonly id: string;
  readonly status: string;
  readonly last_seq: number;
  /** Null for the one conversation of a shared room. */
  readonly customer: Customer | null;
  /** Who has it, or had it when it was closed. */
  readonly agent: { readonly id: string; readonly name: string | null } | null;
  /** Since when it has been in the queue, while it is. */
  readonly waiting_since: string | null;
  readonly unread: number;
  readonly read: Readonly<Record<Side, number>>;
  readonly last_message: Message | null;
  /** For agents; null where they were not told. */
  readonly tags: readonly Tag[] | null;
  readonly created_at: string;
  readonly last_message_at: string;
}

/** What files may be; the server decides by what is in them. */
export interface FileLimits {
  readonly bytes: number;
  readonly types: readonly string[];
  readonly extensions: readonly string[];
}

export interface Limits {
  readonly text_chars: number;
  readonly text_bytes: number;
  /** Null where there are no files. */
  readonly files: FileLimits | null;
}

export const DEFAULT_LIMITS: Limits = { text_chars: 4000, text_bytes: 16384, files: null };

export interface Presence extends Person {
  readonly online: boolean;
  /** An agent who says that they are away. */
  readonly away: boolean;
}

export interface Welcome {
  readonly type: 'welcome';
  readonly room: 'private' | 'shared';
  readonly after_close: 'new' | 'reopen';
  readonly me: Person;
  readonly conversations: readonly Conversation[];
  readonly presence: readonly Presence[];
  readonly heartbeat_s: number;
  readonly business: Business;
  readonly limits: Limits;
}

export interface Accepted {
  readonly type: 'message.accepted';
  readonly ref: string;
  readonly conversation: string;
  readonly seq: number;
}

/** An agent's answer to a `conversation.*` request or to `presence.set`. */
export interface Done {
  readonly type: 'conversation.done' | 'presence.done';
  readonly ref: string;
}

export interface HistoryPage {
  readonly type: 'history';
  readonly ref: string;
  readonly conversation: string;
  readonly messages: readonly Message[];
  readonly more: boolean;
}

export interface WireError {
  readonly type: 'error';
  readonly ref: string | null;
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** Which field is wrong, where that is said. */
  readonly field?: string;
  readonly retry_after_ms: number | null;
  /** Until when one is kept out, where that is why. */
  readonly until: string | null;
}

export type ServerFrame =
  | Welcome
  | { readonly type: 'resumed' }
  | { readonly type: 'pong' }
  | {
      readonly type: 'settings.changed';
      readonly business: Business;
      readonly files: Limits['files'];
    }
  | Accepted
  | Done
  | { readonly type: 'queue'; readonly conversation: string; readonly position: number }
  | { readonly type: 'message.posted'; readonly message: Message }
  | HistoryPage
  | { readonly type: 'conversation.changed'; readonly conversation: Conversation }
  | {
      readonly type: 'conversation.tagged';
      readonly conversation: string;
      readonly tags: readonly Tag[];
    }
  | {
      readonly type: 'typing';
      readonly conversation: string;
      readonly from: Person;
      readonly on: boolean;
    }
  | {
      readonly type: 'read';
      readonly conversation: string;
      readonly role: Side;
      readonly seq: number;
    }
  | { readonly type: 'presence'; readonly presence: Presence }
  | WireError;

/** What an agent does to a conversation. */
export type Deed = 'take' | 'release' | 'transfer' | 'close' | 'reopen';

export type ClientFrame =
  | {
      type: 'hello';
      as: Side;
      token: string | null;
      resume: Record<string, number>;
      page?: string;
      language?: string;
    }
  | {
      type: 'message.post';
      ref: string;
      conversation: string | null;
      client_id: string;
      text: string;
      kind?: 'note' | 'file';
      file?: string;
    }
  | { type: `conversation.${Deed}`; ref: string; conversation: string; to?: string | null }
  | { type: 'presence.set'; ref: string; away: boolean }
  | {
      type: 'history';
      ref: string;
      conversation: string;
      before?: number;
      after?: number;
      limit?: number;
    }
  | { type: 'typing'; conversation: string; on: boolean }
  | { type: 'read'; conversation: string; seq: number }
  | { type: 'ping' };

function list<T>(value: unknown, read: (item: unknown) => T | null): T[] {
  return Array.isArray(value) ? value.map(read).filter(item => item !== null) : [];
}

function readPerson(value: unknown): Person {
  const from = object(value);
  return {
    role: text(from?.role) || 'system',
    id: textOrNull(from?.id),
    name: textOrNull(from?.name) || null,
  };
}

function readEvent(value: unknown): ConversationEvent | null {
  const event = object(value);
  if (event === null) return null;
  const agent = object(event.agent);
  return {
    name: text(event.name),
    agent: agent === null ? null : { ...readPerson(agent), role: 'agent' },
  };
}

export function readFile(value: unknown): FileInfo | null {
  const f = object(value);
  const id = textOrNull(f?.id);
  if (f === null || id === null) return null;
  return {
    id,
    name: text(f.name),
    size: count(f.size),
    type: text(f.type),
    width: count(f.width) || null,
    height: count(f.height) || null,
  };
}

function readFileLimits(value: unknown): FileLimits | null {
  const f = object(value);
  if (f === null || !(count(f.bytes) > 0)) return null;
  const texts = (items: unknown) => list(items, textOrNull);
  return { bytes: count(f.bytes), types: texts(f.types), extensions: texts(f.extensions) };
}

export function readMessage(value: unknown): Message | null {
  const m = object(value);
  const conversation = textOrNull(m?.conversation);
  const seq = count(m?.seq);
  if (m === null || conversation === null || !Number.isSafeInteger(seq) || seq < 1) return null;
  return {
    conversation,
    seq,
    client_id: textOrNull(m.client_id),
    kind: text(m.kind) || 'text',
    event: readEvent(m.event),
    file: readFile(m.file),
    from: readPerson(m.from),
    text: text(m.text),
    sent_at: text(m.sent_at),
  };
}

function readCustomer(value: unknown): Customer | null {
  const c = object(value);
  const id = textOrNull(c?.id);
  if (c === null || id === null) return null;
  return {
    id,
    name: textOrNull(c.name) || null,
    online: c.online === true,
    page: textOrNull(c.page) || null,
    language: textOrNull(c.language) || null,
  };
}

export function readTags(value: unknown): Tag[] {
  return list(value, item => {
    const tag = object(item);
    return tag && { id: text(tag.id), name: text(tag.name) };
  });
}

export function readConversation(value: unknown): Conversation | null {
  const c = object(value);
  const id = textOrNull(c?.id);
  if (c === null || id === null) return null;
  const agent = object(c.agent);
  const read = object(c.read);
  return {
    id,
    status: text(c.status),
    last_seq: count(c.last_seq),
    customer: readCustomer(c.customer),
    agent: agent === null ? null : { id: text(agent.id), name: textOrNull(agent.name) },
    waiting_since: textOrNull(c.waiting_since),
    unread: count(c.unread),
    read: { customer: count(read?.customer), agent: count(read?.agent) },
    last_message: readMessage(c.last_message),
    tags: c.tags === undefined ? null : readTags(c.tags),
    created_at: text(c.created_at),
    last_message_at: text(c.last_message_at),
  };
}

export function readConversations(value: unknown): Conversation[] {
  return list(value, readConversation);
}

export function readPersonOrNull(value: unknown): Person | null {
  return object(value) === null ? null : readPerson(value);
}

function readPresence(value: unknown): Presence | null {
  const p = object(value);
  return p === null ? null : { ...readPerson(p), online: p.online === true, away: p.away === true };
}

function readWelcome(f: Json): Welcome {
  const limits = object(f.limits);
  return {
    type: 'welcome',
    room: f.room === 'shared' ? 'shared' : 'private',
    after_close: f.after_close === 'reopen' ? 'reopen' : 'new',
    me: readPerson(f.me),
    conversations: readConversations(f.conversations),
    presence: list(f.presence, readPresence),
    heartbeat_s: count(f.heartbeat_s) || 25,
    business: readBusiness(f.settings),
    limits: {
      text_chars: count(limits?.text_chars) || DEFAULT_LIMITS.text_chars,
      text_bytes: count(limits?.text_bytes) || DEFAULT_LIMITS.text_bytes,
      files: readFileLimits(limits?.files),
    },
  };
}

/** An error as the WebSocket and HTTP both send it; null where it is none. */
export function readError(value: unknown): WireError | null {
  const e = object(value);
  if (e === null || typeof e.code !== 'string') return null;
  return {
    type: 'error',
    ref: textOrNull(e.ref),
    code: e.code,
    message: text(e.message),
    retryable: e.retryable === true,
    field: text(e.field),
    retry_after_ms: typeof e.retry_after_ms === 'number' ? count(e.retry_after_ms) : null,
    until: textOrNull(e.until),
  };
}

/** The frame that `data` holds, or null when it is none that this page knows. */
export function readFrame(data: string): ServerFrame | null {
  let f: Json | null;
  try {
    f = object(JSON.parse(data));
  } catch {
    return null;
  }
  if (f === null) return null;
  const conversation = textOrNull(f.conversation);
  switch (f.type) {
    case 'welcome':
      return readWelcome(f);
    case 'resumed':
    case 'pong':
      return { type: f.type };
    case 'settings.changed':
      return {
        type: f.type,
        business: readBusiness(f.settings),
        files: readFileLimits(f.files),
      };
    case 'message.accepted':
      if (conversation === null) return null;
      return { type: f.type, ref: text(f.ref), conversation, seq: count(f.seq) };
    case 'conversation.done':
    case 'presence.done':
      return { type: f.type, ref: text(f.ref) };
    case 'queue':
      if (conversation === null || count(f.position) < 1) return null;
      return { type: f.type, conversation, position: count(f.position) };
    case 'message.posted': {
      const message = readMessage(f);
      return message === null ? null : { type: f.type, message };
    }
    case 'history':
      if (conversation === null) return null;
      return {
        type: f.type,
        ref: text(f.ref),
        conversation,
        messages: list(f.messages, readMessage),
        more: f.more === true,
      };
    case 'conversation.changed': {
      const changed = readConversation(f.conversation);
      return changed === null ? null : { type: f.type, conversation: changed };
    }
    case 'conversation.tagged':
      if (conversation === null) return null;
      return { type: f.type, conversation, tags: readTags(f.tags) };
    case 'typing':
      if (conversation === null) return null;
      return { type: f.type, conversation, from: readPerson(f.from), on: f.on === true };
    case 'read':
      if (conversation === null || (f.role !== 'customer' && f.role !== 'agent')) return null;
      return { type: f.type, conversation, role: f.role, seq: count(f.seq) };
    case 'presence': {
      const presence = readPresence(f);
      return presence === null ? null : { type: f.type, presence };
    }
    case 'error':
      return readError(f);
    default:
      return null;
  }
}
