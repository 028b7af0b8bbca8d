// The HTTP side of accounts: one's own password and sessions, and everybody's accounts for admins.

import { type Answer, call, field } from './api';

export const ROLES = ['agent', 'supervisor', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly role: string;
  readonly disabled: boolean;
  /** How many conversations the server gives them at a time; null: as the settings say. */
  readonly capacity: number | null;
  readonly secondFactor: boolean;
}

export interface Session {
  readonly id: string;
  readonly current: boolean;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly userAgent: string | null;
  readonly address: string | null;
}

/** A password that the server made is told this once. */
export interface Made<T> {
  readonly value: T;
  readonly password: string | null;
}

export function changePassword(current: string, next: string): Promise<Answer<true>> {
  return call('/me/password', done, { current, new: next });
}

export function sessions(): Promise<Answer<Session[]>> {
  return call('/me/sessions', body => listOf(field(body, 'sessions'), readSession));
}

export function endSession(id: string): Promise<Answer<true>> {
  return call(`/me/sessions/${encodeURIComponent(id)}`, done, undefined, 'DELETE');
}

export function endOtherSessions(): Promise<Answer<true>> {
  return call('/me/sessions', done, undefined, 'DELETE');
}

export function accounts(): Promise<Answer<Account[]>> {
  return call('/accounts', body => listOf(field(body, 'accounts'), readAccount));
}

export interface NewAccount {
  username: string;
  name: string;
  role: string;
  /** Without one, the server makes it. */
  password?: string;
}

export function createAccount(account: NewAccount): Promise<Answer<Made<Account>>> {
  return call('/accounts', body => withPassword(body, changed(body)), account);
}

export interface Change {
  name?: string;
  role?: string;
  disabled?: boolean;
  capacity?: number | null;
}

export function changeAccount(id: string, change: Change): Promise<Answer<Account>> {
  return call(`/accounts/${encodeURIComponent(id)}`, changed, change, 'PATCH');
}

export function resetPassword(id: string): Promise<Answer<Made<true>>> {
  return call(
    `/accounts/${encodeURIComponent(id)}/password`,
    body => withPassword(body, true as const),
    {},
  );
}

const done = () => true as const;

function changed(body: unknown): Account | null {
  return readAccount(field(body, 'account'));
}

function withPassword<T>(body: unknown, value: T | null): Made<T> | null {
  const password = field(body, 'password');
  return value === null ? null : { value, password: textOrNull(password) };
}

function readAccount(value: unknown): Account | null {
  const [id, username, name, role] = ['id', 'username', 'name', 'role'].map(key =>
    textOrNull(field(value, key)),
  );
  if (!id || !username || !name || !role) return null;
  const capacity = field(value, 'capacity');
  return {
    id,
    username,
    name,
    role,
    disabled: textOrNull(field(value, 'disabled_at')) !== null,
    capacity: typeof capacity === 'number' ? capacity : null,
    secondFactor: field(value, 'second_factor') === true,
  };
}

function readSession(value: unknown): Session | null {
  const id = textOrNull(field(value, 'id'));
  if (id === null) return null;
  return {
    id,
    current: field(value, 'current') === true,
    createdAt: Date.parse(textOrNull(field(value, 'created_at')) ?? ''),
    seenAt: Date.parse(textOrNull(field(value, 'seen_at')) ?? ''),
    userAgent: textOrNull(field(value, 'user_agent')),
    address: textOrNull(field(value, 'address')),
  };
}

function listOf<T>(value: unknown, read: (one: unknown) => T | null): T[] | null {
  return Array.isArray(value) ? value.map(read).filter(one => one !== null) : null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
