// What people are called on the pages.

import type { Words } from '../core/i18n';
import type { ConversationEvent, Person } from '../core/wire';
import { locale } from './locale';
import { LIST_WORDS } from './words';

export function nameOf(person: Person, words: Words): string {
  if (person.name !== null) return person.name;
  if (person.role === 'agent') return words.agent;
  if (person.role === 'customer' && person.id !== null) return words.customer(person.id);
  if (person.role === 'system') return words.system;
  return words.someone;
}

/** What happened, in one line; null for an event that this page does not know. */
export function eventLine(
  event: ConversationEvent,
  by: string,
  agent: string | null,
  words: Words,
  text: string,
): string | null {
  const said = LIST_WORDS[locale.value.language];
  switch (event.name) {
    // Whoever has it now has joined, whoever brought that about.
    case 'taken':
    case 'assigned':
      return said.eventTaken(agent ?? by);
    case 'released':
    case 'returned':
      return said.eventReleased(agent ?? by);
    case 'transferred':
      return said.eventTransferred(by, agent ?? words.agent);
    case 'closed':
      return said.eventClosed(by);
    case 'reopened':
      return said.eventReopened(by);
    case 'rated':
      return said.eventRated(by, text);
    default:
      return null;
  }
}

/** "Li Wei is typing…", empty when nobody is. */
export function typingLine(people: readonly Person[], words: Words): string {
  const [first, second] = people;
  if (first === undefined) return '';
  return second === undefined ? words.isTyping(nameOf(first, words)) : words.severalTyping;
}
