import { expect, test } from 'vitest';
import { permission, toView, VIEWS, viewOf } from './views';

test('the address of a view leads to it', () => {
  for (const view of VIEWS) expect(viewOf(toView(view))).toBe(view);
  expect(viewOf(new URLSearchParams('q=refund&conversation=3'))).toBe('history');
  expect(toView('reports', { from: '2026-11-01', agent: '' }).toString()).toBe(
    'view=reports&from=2026-11-01',
  );
});

test('a view that there is not is none', () => {
  for (const name of ['', 'History', 'settings']) {
    expect(viewOf(new URLSearchParams({ view: name }))).toBeNull();
  }
});

test('admins see all, supervisors what was said, agents and unknown roles nothing', () => {
  const seen = (role: string) => VIEWS.filter(view => permission(view, role) === 'granted');
  expect(seen('admin')).toEqual(VIEWS);
  expect(seen('supervisor')).toEqual(['history', 'reports']);
  expect(seen('agent')).toEqual([]);
  expect(seen('guest')).toEqual([]);
  expect(permission('audit', 'supervisor')).toBe('for admins');
  expect(permission('history', 'agent')).toBe('for reviewers');
});
