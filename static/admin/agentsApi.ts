// Whom one may ask for in a filter: everybody who has or had an account.

import { signal } from '@preact/signals';
import { call, field } from '../agent/api';
import { object, text } from '../shared/core/json';

export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly isDisabled: boolean;
}

/** By name. */
export const allAgents = signal<readonly Agent[]>([]);

export async function loadAgents(): Promise<void> {
  const { ok } = await call('/agents', body => {
    const found = field(body, 'agents');
    return Array.isArray(found) ? found.flatMap(readAgent) : null;
  });
  if (ok !== null) allAgents.value = ok;
}

function readAgent(value: unknown): Agent[] {
  const agent = object(value);
  if (agent === null || typeof agent.id !== 'string') return [];
  return [{ id: agent.id, name: text(agent.name), isDisabled: agent.disabled === true }];
}
