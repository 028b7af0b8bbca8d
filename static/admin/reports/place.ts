// What the address says of the reports: which days, of which time zone, and whose.

import { usual } from '../place';
import { toView } from '../views';

export const FIELDS = ['from', 'to', 'tz', 'agent'] as const;

export type Field = (typeof FIELDS)[number];
export type Asked = Readonly<Record<Field, string>>;

/** Without anything else the last seven days, in the time zone of the browser. */
export function read(query: URLSearchParams, today: Date, zone: string): Asked {
  const { from, to } = usual(today);
  const or = (name: Field, otherwise: string) => query.get(name) || otherwise;
  return { from: or('from', from), to: or('to', to), tz: or('tz', zone), agent: or('agent', '') };
}

export function write(asked: Asked): URLSearchParams {
  return toView('reports', asked);
}
