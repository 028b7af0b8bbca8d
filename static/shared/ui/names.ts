// What people are called on the pages.

import type { Words } from '../core/i18n';
import type { Conversation, Person } from '../core/wire';

export function nameOf(person: Person, words: Words): string {
  if (person.name !== null) return person.name;
  if (person.role === 'agent') return words.agent;
  if (person.role === 'customer' && person.id !== null) return words.customer(person.id);
  return words.someone;
}

/** Whose conversation it is. */
export function titleOf(conversation: Conversation, words: Words): string {
  const { customer } = conversation;
  if (customer === null) return words.everyone;
  return customer.name ?? words.customer(customer.id);
}

/** "Li Wei is typing…", empty when nobody is. */
export function typingLine(people: readonly Person[], words: Words): string {
  const [first, second] = people;
  if (first === undefined) return '';
  return second === undefined ? words.isTyping(nameOf(first, words)) : words.severalTyping;
}
