// Which rows are in the page, as the reader moves through a long list.

import { describe, expect, it } from 'vitest';
import { AT_END, around, earlier, hold, type Keyed, later, range } from './window';

const list = (from: number, to: number): Keyed[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ kind: 'message', key: `k${from + i}` }));

const shown = (rows: readonly Keyed[], view: Parameters<typeof range>[1]) => {
  const { start, end } = range(rows, view);
  return `${rows[start]?.key}–${rows[end - 1]?.key}`;
};

describe('the window', () => {
  it('at the end is the newest 300', () => {
    expect(shown(list(1, 1000), AT_END)).toBe('k701–k1000');
    expect(shown(list(1, 20), AT_END)).toBe('k1–k20');
    expect(range([], AT_END)).toEqual({ start: 0, end: 0 });
  });

  it('does not move when the reader has left the end and messages come', () => {
    const view = hold(list(1, 1000), AT_END);
    expect(shown(list(1, 1001), view)).toBe('k701–k1001');
    const held = hold(list(1, 1500), view);
    expect(shown(list(1, 1500), held)).toBe('k701–k1100');
  });

  it('does not move when older messages come', () => {
    const view = hold(list(500, 1000), AT_END);
    expect(shown(list(1, 1000), view)).toBe('k701–k1000');
  });

  it('goes back by 100 and lets go of the far end, and forward again to the very end', () => {
    const rows = list(1, 1000);
    let view = earlier(rows, hold(rows, AT_END));
    expect(shown(rows, view)).toBe('k601–k1000');
    view = earlier(rows, view);
    expect(shown(rows, view)).toBe('k501–k900');
    view = later(rows, view);
    expect(shown(rows, view)).toBe('k601–k1000');
    expect(later(rows, view).bottom).toBeNull();
  });

  it('reaches the first row', () => {
    const rows = list(1, 350);
    expect(shown(rows, earlier(rows, hold(rows, AT_END)))).toBe('k1–k350');
  });

  it('goes to a row anywhere, with what is around it', () => {
    const rows = list(1, 1000);
    expect(shown(rows, around(rows, 'k500'))).toBe('k350–k649');
    expect(shown(rows, around(rows, 'k20'))).toBe('k1–k300');
    expect(shown(rows, around(rows, 'k990'))).toBe('k840–k1000');
    expect(around(rows, 'k990').bottom).toBeNull();
    expect(shown(list(1, 40), around(list(1, 40), 'k20'))).toBe('k1–k40');
  });

  it('shows the day above its first message', () => {
    const rows = [{ kind: 'day', key: 'd' }, ...list(1, 10)];
    expect(range(rows, hold(rows, AT_END)).start).toBe(0);
  });
});
