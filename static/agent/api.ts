// The HTTP side of the console: signing in and out, and what is too old for `welcome`. Every
// failure is a WireError, whether the server said it or could not be reached.

import {
  type Conversation,
  type Person,
  readConversation,
  readConversations,
  readError,
  readPersonOrNull,
  type WireError,
} from '../shared/core/wire';

export type Answer<T> = { ok: T; error: null } | { ok: null; error: WireError };

export async function login(
  username: string,
  password: string,
  code: string | null,
): Promise<Answer<Person>> {
  return call('/login', me, { username, password, ...(code !== null && { code }) });
}

export async function logout(): Promise<Answer<true>> {
  return call('/logout', () => true, {});
}

export async function conversation(id: string): Promise<Answer<Conversation>> {
  return call(`/conversations/${encodeURIComponent(id)}`, body =>
    readConversation(field(body, 'conversation')),
  );
}

export interface Page {
  conversations: Conversation[];
  next: string | null;
}

export async function conversations(
  before: string | null,
  tag: string | null,
): Promise<Answer<Page>> {
  const query = new URLSearchParams({
    limit: '100',
    ...(before !== null && { before }),
    ...(tag !== null && { tag }),
  });
  return call(`/conversations?${query}`, body => {
    const next = field(body, 'next');
    return {
      conversations: readConversations(field(body, 'conversations')),
      next: typeof next === 'string' ? next : null,
    };
  });
}

export async function call<T>(
  path: string,
  read: (body: unknown) => T | null,
  send?: unknown,
  method = send === undefined ? 'GET' : 'POST',
): Promise<Answer<T>> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      ...(send !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(send),
      }),
    });
  } catch {
    return { ok: null, error: failure('unreachable') };
  }
  try {
    body = await response.json();
  } catch {
    // Much is answered with nothing, such as logging out; anything else without JSON is a proxy's error page.
    body = null;
  }
  if (!response.ok) return { ok: null, error: readError(body) ?? failure('unknown') };
  const ok = read(body);
  return ok === null ? { ok: null, error: failure('unknown') } : { ok, error: null };
}

function me(body: unknown): Person | null {
  return readPersonOrNull(field(body, 'me'));
}

export function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
}

function failure(code: string): WireError {
  return {
    type: 'error',
    ref: null,
    code,
    message: '',
    retryable: true,
    retry_after_ms: null,
    until: null,
  };
}
