// What the address says of the history: the filter, and which conversation is open.

/** What can be asked for; empty is not asked for. Names as the server has them. */
export const FIELDS = [
  'from',
  'to',
  'agent',
  'customer_text',
  'status',
  'channel',
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
    channel: '',
    tag: '',
    rating: '',
    q: '',
  };
}

export function read(query: URLSearchParams, today: Date): Place {
  const open = query.get('conversation');
  const asked = FIELDS.some(field => query.has(field));
  const filter = { ...usual(today) };
  if (asked) for (const field of FIELDS) filter[field] = query.get(field) ?? '';
  return { filter, open: open !== null && /^\d{1,19}$/.test(open) ? open : null };
}

/** The address of a place. */
export function write({ filter, open }: Place): URLSearchParams {
  const query = queryOf(filter);
  // Whoever empties every field asks for all there is, and not for what is usual.
  if (query.size === 0) query.set('from', '');
  if (open !== null) query.set('conversation', open);
  return query;
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
