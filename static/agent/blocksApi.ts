// The HTTP side of keeping customers and networks out.

import { type Answer, call, field } from './api';

export interface Block {
  readonly id: string;
  readonly customer: { readonly id: string; readonly name: string | null } | null;
  readonly network: string | null;
  readonly reason: string;
  readonly by: string;
  /** Milliseconds since 1970; null is for good. */
  readonly until: number | null;
}

export interface NewBlock {
  customer?: string;
  network?: string;
  reason: string;
  for_s: number | null;
}

export function blocks(): Promise<Answer<Block[]>> {
  return call('/blocks', body => {
    const list = field(body, 'blocks');
    return Array.isArray(list) ? list.map(readBlock).filter(one => one !== null) : null;
  });
}

export function block(block: NewBlock): Promise<Answer<Block>> {
  return call('/blocks', body => readBlock(field(body, 'block')), block);
}

export function lift(id: string): Promise<Answer<true>> {
  return call(`/blocks/${encodeURIComponent(id)}`, () => true as const, undefined, 'DELETE');
}

/** From where a customer is connected now. */
export function addresses(customer: string): Promise<Answer<string[]>> {
  return call(`/customers/${encodeURIComponent(customer)}/addresses`, body => {
    const list = field(body, 'addresses');
    return Array.isArray(list) ? list.filter(one => typeof one === 'string') : null;
  });
}

function readBlock(value: unknown): Block | null {
  const id = textOrNull(field(value, 'id'));
  if (id === null) return null;
  const customer = field(value, 'customer');
  const customerId = textOrNull(field(customer, 'id'));
  const until = textOrNull(field(value, 'until'));
  return {
    id,
    customer:
      customerId === null ? null : { id: customerId, name: textOrNull(field(customer, 'name')) },
    network: textOrNull(field(value, 'network')),
    reason: textOrNull(field(value, 'reason')) ?? '',
    by: textOrNull(field(field(value, 'by'), 'name')) ?? '',
    until: until === null ? null : Date.parse(until),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
