// What an agent wants to be told, and how; kept by the browser, as it is about this place of work.

import { signal } from '@preact/signals';
import { localStore } from '../../shared/stores';
import { type Choices, read } from './kept';

const KEY = 'kefu.alerts';

export const choices = signal<Choices>(read(localStore.get(KEY)));

export function choose(changed: Partial<Choices>): void {
  choices.value = { ...choices.value, ...changed };
  localStore.set(KEY, JSON.stringify(choices.value));
}
