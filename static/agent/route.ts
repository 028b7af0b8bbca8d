// What is open is in the address: a conversation (`/agent#42`) or one of the panels
// (`/agent#accounts`). A reload returns to it, Back works, and it can be linked. Ids are digits, so the
// names of the panels are none.

import { computed, signal } from '@preact/signals';

const PANELS = ['account', 'accounts', 'alerts', 'blocks', 'replies', 'settings'] as const;

export type PanelName = (typeof PANELS)[number];

const place = signal(fromHash());

export const openPanel = computed<PanelName | null>(
  () => PANELS.find(name => name === place.value) ?? null,
);

/** The open conversation. */
export const openId = computed(() => (openPanel.value === null ? place.value : null));

window.addEventListener('hashchange', () => {
  place.value = fromHash();
});

export function goTo(id: string | null): void {
  if (id === place.value) return;
  history.pushState(null, '', id === null ? location.pathname : `#${encodeURIComponent(id)}`);
  place.value = id;
}

window.addEventListener('popstate', () => {
  place.value = fromHash();
});

function fromHash(): string | null {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null;
  }
}
