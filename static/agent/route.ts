// The open conversation is in the address (`/agent#42`): a reload returns to it, Back works, and
// it can be linked.

import { signal } from '@preact/signals';

export const openId = signal(fromHash());

window.addEventListener('hashchange', () => {
  openId.value = fromHash();
});

export function goTo(id: string | null): void {
  if (id === openId.value) return;
  history.pushState(null, '', id === null ? location.pathname : `#${encodeURIComponent(id)}`);
  openId.value = id;
}

window.addEventListener('popstate', () => {
  openId.value = fromHash();
});

function fromHash(): string | null {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null;
  }
}
