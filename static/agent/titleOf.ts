// Whose conversation it is.

import type { Conversation } from '../shared/core/wire';
import type { AllWords } from './consoleWords';

export function titleOf({ customer }: Conversation, words: AllWords): string {
  if (customer === null) return words.everyone;
  return customer.name ?? words.customer(customer.id);
}
