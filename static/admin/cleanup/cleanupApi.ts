// The HTTP side of what is kept and what goes: rules, holds, and customers who are erased or taken out.

import { type Answer, call, field } from '../../agent/api';
import { count, object, text, textOrNull } from '../../shared/core/json';
import { rowsOf } from '../historyApi';

export interface RetentionRule {
  /** Null is any. */
  readonly status: string | null;
  readonly tag: string | null;
  /** Null is for ever. */
  readonly days: number | null;
}

/** How much went, or would go. */
export interface Count {
  readonly conversations: number;
  readonly messages: number;
  readonly files: number;
  readonly bytes: number;
}

export interface Hold {
  readonly conversation: string;
  readonly reason: string;
  readonly by: string;
  readonly at: string;
}

export interface Receipt extends Count {
  readonly id: string;
  readonly customer: string;
  readonly by: string;
  readonly at: string;
}

export interface Customer {
  readonly id: string;
  readonly name: string | null;
}

export function readRules(value: unknown): RetentionRule[] {
  const rules = field(value, 'rules');
  if (!Array.isArray(rules)) return [];
  return rules.map(rule => {
    const days = field(rule, 'days');
    return {
      status: textOrNull(field(rule, 'status')),
      tag: textOrNull(field(rule, 'tag')),
      days: typeof days === 'number' ? days : null,
    };
  });
}

export function readCount(value: unknown): Count {
  const of = (name: keyof Count) => count(field(value, name));
  return {
    conversations: of('conversations'),
    messages: of('messages'),
    files: of('files'),
    bytes: of('bytes'),
  };
}

/** What would go by these rules now. */
export function dryRun(rules: readonly RetentionRule[]): Promise<Answer<Count>> {
  return call('/retention/dry-run', body => readCount(field(body, 'would_delete')), { rules });
}

export function holds(): Promise<Answer<Hold[]>> {
  return call('/holds', body => {
    const found = field(body, 'holds');
    return Array.isArray(found) ? found.flatMap(one => readHold(one) ?? []) : null;
  });
}

const done = () => true as const;
const holdOf = (conversation: string) => `/conversations/${encodeURIComponent(conversation)}/hold`;

/** The hold that a conversation is under, if any. */
export function holdOn(conversation: string): Promise<Answer<{ readonly hold: Hold | null }>> {
  return call(holdOf(conversation), body => ({ hold: readHold(field(body, 'hold')) }));
}

export function hold(conversation: string, reason: string): Promise<Answer<true>> {
  return call(holdOf(conversation), done, { reason }, 'PUT');
}

export function lift(conversation: string): Promise<Answer<true>> {
  return call(holdOf(conversation), done, undefined, 'DELETE');
}

export function receipts(): Promise<Answer<Receipt[]>> {
  return call('/erasures', body => {
    const found = field(body, 'erasures');
    return Array.isArray(found) ? found.map(readReceipt) : null;
  });
}

export function erase(customer: string): Promise<Answer<Receipt>> {
  return call(
    `/customers/${encodeURIComponent(customer)}/erase`,
    body => readReceipt(field(body, 'receipt')),
    { confirm: customer },
  );
}

/** Where all that is held on a customer is to be had as a file. */
export function exportAddress(customer: string, withNotes: boolean): string {
  return `/api/v1/customers/${encodeURIComponent(customer)}/export?notes=${withNotes}`;
}

/** Customers that are looked for at most. */
const ENOUGH = 20;

/** Whom somebody looks for. */
export type Sought =
  | { readonly by: 'number'; readonly id: string }
  /** Words of the name, e-mail address or id on the host site; or a number. */
  | { readonly by: 'words'; readonly words: string };

export async function customers(sought: Sought): Promise<Answer<Customer[]>> {
  const found = new Map<string, Customer>();
  const id = sought.by === 'number' ? sought.id : sought.words;
  const asked: Record<string, string>[] = [];
  if (/^\d{1,18}$/.test(id)) {
    // There may be nothing of theirs any more.
    found.set(id, { id, name: null });
    asked.push({ customer: id, limit: '1' });
  }
  if (sought.by === 'words') asked.push({ customer_text: sought.words, limit: '100' });
  for (const filter of asked) {
    let next: string | null = null;
    do {
      const query = new URLSearchParams(filter);
      if (next !== null) query.set('before', next);
      const { ok, error }: Awaited<ReturnType<typeof rowsOf>> = await rowsOf(query);
      if (error !== null) return { ok: null, error };
      for (const { conversation } of ok.items) {
        const { customer } = conversation;
        if (customer !== null) found.set(customer.id, { id: customer.id, name: customer.name });
      }
      next = filter.customer === undefined ? ok.next : null;
    } while (next !== null && found.size < ENOUGH);
  }
  return { ok: [...found.values()].slice(0, ENOUGH), error: null };
}

function readHold(value: unknown): Hold | null {
  const hold = object(value);
  if (hold === null) return null;
  return {
    conversation: text(hold.conversation),
    reason: text(hold.reason),
    by: text(field(hold.by, 'name')),
    at: text(hold.created_at),
  };
}

function readReceipt(value: unknown): Receipt {
  return {
    ...readCount(value),
    id: text(field(value, 'id')),
    customer: text(field(value, 'customer')),
    by: text(field(field(value, 'by'), 'name')),
    at: text(field(value, 'at')),
  };
}
