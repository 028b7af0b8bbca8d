// Whether there is room for the details beside the conversation; else they are a drawer.

import { signal } from '@preact/signals';

const query = matchMedia('(min-width: 1001px)');

export const isWide = signal(query.matches);

query.addEventListener('change', () => {
  isWide.value = query.matches;
});
