// The HTTP side of the details beside a conversation: who the customer is, and what else they talked of.

import { type Conversation, readConversations } from '../shared/core/wire';
import { type Answer, call, field } from './api';

export interface CustomerDetails {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly externalId: string | null;
  readonly page: string | null;
  readonly language: string | null;
  readonly userAgent: string | null;
  readonly attributes: readonly (readonly [string, string])[];
  readonly createdAt: number;
}

export interface CustomerRecord {
  /** Null for the one conversation of a shared room. */
  readonly customer: CustomerDetails | null;
  readonly others: readonly Conversation[];
  readonly more: boolean;
}

export function customerOf(conversation: string): Promise<Answer<CustomerRecord>> {
  return call(`/conversations/${encodeURIComponent(conversation)}/customer`, body => ({
    customer: readDetails(field(body, 'customer')),
    others: readConversations(field(body, 'conversations')),
    more: field(body, 'more') === true,
  }));
}

function readDetails(value: unknown): CustomerDetails | null {
  const text = (name: string) => {
    const found = field(value, name);
    return typeof found === 'string' && found !== '' ? found : null;
  };
  const id = text('id');
  if (id === null) return null;
  return {
    id,
    name: text('name'),
    email: text('email'),
    externalId: text('external_id'),
    page: text('page'),
    language: text('language'),
    userAgent: text('user_agent'),
    attributes: readAttributes(field(value, 'attributes')),
    createdAt: Date.parse(text('created_at') ?? ''),
  };
}

/** By name; texts as they are, the rest as JSON writes it. */
function readAttributes(value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([name, what]) => [
    name,
    typeof what === 'string' ? what : JSON.stringify(what),
  ]);
}
