// Agents as options of a filter.

import type { Agent } from './agentsApi';
import type { Option } from './FilterForm';

/** Two of one name are told apart by their numbers. */
export function optionsOf(
  agents: readonly Agent[],
  disabled: (name: string) => string,
): readonly Option[] {
  return agents.map(({ id, name, isDisabled }) => {
    const isShared = agents.some(other => other.id !== id && other.name === name);
    const told = isShared ? `${name} (${id})` : name;
    return [id, isDisabled ? disabled(told) : told] as const;
  });
}
