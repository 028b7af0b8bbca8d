// Lets the page look and speak as the business wants it. By CSSOM, as the policy of the page allows no
// style in the markup.

import type { Business } from '../shared/core/business';
import { offer } from '../shared/ui/locale';

export function wear(business: Business): void {
  const { style } = document.documentElement;
  for (const theme of ['light', 'dark'] as const) {
    const colours = business.accent?.[theme];
    for (const part of ['fill', 'hover', 'on', 'text'] as const) {
      // Nothing removes it.
      style.setProperty(`--${theme}-${part}`, colours?.[part] || null);
    }
  }
  offer(business.offered, business.language);
}
