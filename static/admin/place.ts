// What the address says: the filter, and which conversation is open. So a link leads to the same, and the
// browser's back goes where one came from.

/** What can be asked for; empty is not asked for. Names as the server has them. */
export const FIELDS = [
  'from',
  'to',
  'agent',
  'customer_text',
  'status',
  'tag',
  'rating',
  'q',
] as const;

export type Field = (typeof FIELDS)[number];
export type Filter = Readonly<Record<Field, string>>;

export interface Place {
  readonly filter: Filter;
  /** Which conversation is open. */
  readonly open: string | null;
}

const DAYS = 7;

/** A day as a date field has it. */
export function dateOf(day: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The last days, where the address says nothing else. */
export function usual(today: Date): Filter {
  const from = new Date(today);
  from.setDate(from.getDate() - (DAYS - 1));
  return {
    from: dateOf(from),
    to: dateOf(today),
    agent: '',
    customer_text: '',
    status: '',
    tag: '',
    rating: '',
    q: '',
  };
}

export function read(search: string, today: Date): Place {
  const query = new URLSearchParams(search);
  const open = query.get('conversation');
  const asked = FIELDS.some(field => query.has(field));
  const filter = { ...usual(today) };
  if (asked) for (const field of FIELDS) filter[field] = query.get(field) ?? '';
  return { filter, open: open !== null && /^\d{1,19}$/.test(open) ? open : null };
}

/** What stands behind the `?`. */
export function write({ filter, open }: Place): string {
  const query = queryOf(filter);
  if (open !== null) query.set('conversation', open);
  return query.toString();
}

/** What is asked of the server. */
export function queryOf(filter: Filter): URLSearchParams {
  const query = new URLSearchParams();
  for (const field of FIELDS) {
    const value = filter[field].trim();
    if (value !== '') query.set(field, value);
  }
  return query;
}
