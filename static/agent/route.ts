// What is open is in the address: a conversation (`/agent#42`), one of its messages (`/agent#42/17`), or
// one of the panels (`/agent#accounts`). A reload returns to it, Back works, and it can be linked. Ids are
// digits, so the names of the panels are none.

import { computed, signal } from '@preact/signals';

const PANELS = ['account', 'accounts', 'alerts', 'blocks', 'replies', 'settings'] as const;

export type PanelName = (typeof PANELS)[number];

interface Place {
  readonly name: string | null;
  /** The number of the message. */
  readonly seq: number | null;
}

const place = signal(fromHash());

const name = computed(() => place.value.name);

export const openPanel = computed<PanelName | null>(
  () => PANELS.find(panel => panel === name.value) ?? null,
);

/** The open conversation. */
export const openId = computed(() => (openPanel.value === null ? name.value : null));

/** The message to go to in it; another object each time that somebody wants to go there. */
export const openMessage = computed(() => {
  const { seq } = place.value;
  return seq === null ? null : { seq };
});

export function addressOf(id: string, seq?: number): string {
  return `#${encodeURIComponent(id)}${seq === undefined ? '' : `/${seq}`}`;
}

export function goTo(id: string | null, seq?: number): void {
  const address = id === null ? location.pathname : addressOf(id, seq);
  const isHere = id === place.value.name && (seq ?? null) === place.value.seq;
  if (isHere && seq === undefined) return;
  if (!isHere) history.pushState(null, '', address);
  place.value = { name: id, seq: seq ?? null };
}

const moved = () => {
  place.value = fromHash();
};
window.addEventListener('hashchange', moved);
window.addEventListener('popstate', moved);

function fromHash(): Place {
  try {
    const [, named = '', seq] = /^#(.*?)(?:\/(\d+))?$/.exec(location.hash) ?? [];
    return { name: decodeURIComponent(named) || null, seq: seq === undefined ? null : Number(seq) };
  } catch {
    return { name: null, seq: null };
  }
}
