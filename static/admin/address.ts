// Where one is on this page. The address says it, so that a link leads to the same place and the browser's back
// goes where one came from.

import { computed, signal } from '@preact/signals';

const search = signal(location.search);

/** What stands behind the `?`. */
export const query = computed(() => new URLSearchParams(search.value));

window.addEventListener('popstate', () => {
  search.value = location.search;
});

export function go(to: URLSearchParams): void {
  history.pushState(null, '', hrefOf(to));
  search.value = location.search;
}

export function hrefOf(to: URLSearchParams): string {
  return to.size === 0 ? location.pathname : `?${to}`;
}
