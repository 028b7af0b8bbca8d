// What the address says of the audit log: by whom, what, and on which days.

import { toView } from '../views';

export const FIELDS = ['from', 'to', 'agent', 'action'] as const;

export type Field = (typeof FIELDS)[number];
export type Asked = Readonly<Record<Field, string>>;

export function read(query: URLSearchParams): Asked {
  const of = (name: Field) => query.get(name) ?? '';
  return { from: of('from'), to: of('to'), agent: of('agent'), action: of('action') };
}

export function write(asked: Asked): URLSearchParams {
  return toView('audit', asked);
}

/** What is asked of the server: it wants moments, and a day is one of this browser's time zone. */
export function queryOf({ from, to, agent, action }: Asked): URLSearchParams {
  const query = new URLSearchParams();
  const add = (name: string, value: string) => value !== '' && query.set(name, value);
  add('from', midnight(from, 0));
  // The last day counts as well.
  add('to', midnight(to, 1));
  add('agent', agent);
  add('action', action);
  return query;
}

/** When the day begins that is so many days after a date. What is no date is for the server to refuse. */
function midnight(date: string, later: number): string {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(date) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return date;
  return new Date(year, month - 1, day + later).toISOString();
}
