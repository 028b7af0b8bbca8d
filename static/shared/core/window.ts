// Which rows of a long list are in the page: about 300, the newest while the reader follows, and
// otherwise those around where they read. Rows are named by key, because numbers move when older
// messages arrive.

export interface Keyed {
  readonly kind: string;
  readonly key: string;
}

/** Null: as many as fit before the end; to the end. */
export interface Window {
  readonly top: string | null;
  readonly bottom: string | null;
}

export const AT_END: Window = { top: null, bottom: null };

const SIZE = 300;
const STEP = 100;

export function range(rows: readonly Keyed[], window: Window): { start: number; end: number } {
  const bottom = indexOf(rows, window.bottom);
  const end = bottom === -1 ? rows.length : bottom + 1;
  const named = indexOf(rows, window.top);
  const top = rows[named - 1]?.kind === 'day' ? named - 1 : named;
  const start = top === -1 || top >= end ? Math.max(0, end - SIZE) : top;
  return { start, end };
}

/** The reader left the end: what is shown now stays, however much comes after it. */
export function hold(rows: readonly Keyed[], window: Window): Window {
  const { start, end } = range(rows, window);
  const atMost = start + SIZE + STEP;
  return named(rows, start, Math.min(end, atMost), end < rows.length || end > atMost);
}

/** The reader goes to a row, which may be far from what is shown now. */
export function around(rows: readonly Keyed[], key: string): Window {
  const start = Math.max(0, indexOf(rows, key) - SIZE / 2);
  const end = Math.min(rows.length, start + SIZE);
  return named(rows, start, end, end < rows.length);
}

/** The reader comes near the first row that is shown. */
export function earlier(rows: readonly Keyed[], window: Window): Window {
  const { start, end } = range(rows, window);
  const first = Math.max(0, start - STEP);
  const last = Math.min(end, first + SIZE + STEP);
  return named(rows, first, last, last < rows.length);
}

/** The reader comes near the last row that is shown. */
export function later(rows: readonly Keyed[], window: Window): Window {
  const { start, end } = range(rows, window);
  const last = Math.min(rows.length, end + STEP);
  const first = Math.max(start, last - SIZE - STEP);
  return named(rows, first, last, last < rows.length);
}

function named(rows: readonly Keyed[], start: number, end: number, cut: boolean): Window {
  // A day heading moves when older messages arrive above it; a message keeps its key.
  // (range() adds the heading above it again.)
  const top = rows.slice(start, end).find(row => row.kind !== 'day')?.key ?? null;
  return { top, bottom: cut ? (rows[end - 1]?.key ?? null) : null };
}

function indexOf(rows: readonly Keyed[], key: string | null): number {
  return key === null ? -1 : rows.findIndex(row => row.key === key);
}
