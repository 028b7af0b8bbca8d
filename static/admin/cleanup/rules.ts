// The rules of how long conversations are kept, as fields and as the server has them.

import type { RetentionRule } from './cleanupApi';

export const STATUSES = ['closed', 'open', 'waiting', 'any'] as const;

/** A rule as it stands in the form. */
export interface RuleFields {
  /** Keeps its place in the page while rules are moved. */
  readonly key: number;
  readonly status: string;
  readonly tag: string;
  /** Empty is for ever. */
  readonly days: string;
}

const MOST_DAYS = 36_500;

export function fieldsOf(rules: readonly RetentionRule[]): RuleFields[] {
  return rules.map((rule, key) => ({
    key,
    status: rule.status ?? 'any',
    tag: rule.tag ?? '',
    days: rule.days === null ? '' : String(rule.days),
  }));
}

/** The rules, or which field is none that the server would take. */
export function read(
  fields: readonly RuleFields[],
): { rules: RetentionRule[]; wrong: null } | { rules: null; wrong: string } {
  const rules: RetentionRule[] = [];
  for (const [at, { status, tag, days }] of fields.entries()) {
    const typed = days.trim();
    const many = /^\d{1,5}$/.test(typed) ? Number(typed) : 0;
    if (typed !== '' && (many < 1 || many > MOST_DAYS)) {
      return { rules: null, wrong: `rules.${at}.days` };
    }
    rules.push({
      status: status === 'any' ? null : status,
      tag: tag.trim() === '' ? null : tag.trim(),
      days: typed === '' ? null : many,
    });
  }
  return { rules, wrong: null };
}

/** With one of them moved up by one. */
export function raised<T>(list: readonly T[], at: number): T[] {
  const one = list[at];
  if (one === undefined || at === 0) return [...list];
  return [...list.slice(0, at - 1), one, ...list.slice(at - 1, at), ...list.slice(at + 1)];
}
