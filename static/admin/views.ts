// The views of this page, and who sees which. The server decides by itself what it answers to whom; this keeps the
// page from offering what it would refuse.

export const VIEWS = ['history', 'reports', 'audit', 'cleanup'] as const;

export type View = (typeof VIEWS)[number];

/** For admins; the others are for supervisors as well. */
const ADMINS: readonly View[] = ['audit', 'cleanup'];

/** Which view an address names: without a name the history, and null for what there is not. */
export function viewOf(query: URLSearchParams): View | null {
  const name = query.get('view') ?? 'history';
  return VIEWS.find(view => view === name) ?? null;
}

/** The address of a view. */
export function toView(view: View, more: Readonly<Record<string, string>> = {}): URLSearchParams {
  const query = new URLSearchParams(view === 'history' ? {} : { view });
  for (const [name, value] of Object.entries(more)) if (value !== '') query.set(name, value);
  return query;
}

export type Permission = 'granted' | 'for admins' | 'for reviewers';

export function permission(view: View, role: string): Permission {
  if (role === 'admin') return 'granted';
  if (ADMINS.includes(view)) return 'for admins';
  return role === 'supervisor' ? 'granted' : 'for reviewers';
}
