// A table that scrolls by itself where it is wider than the page.

import type { ComponentChildren } from 'preact';

export function Region({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region needs the keyboard
    <section class="admin-scroll" tabIndex={0} aria-label={label}>
      <table>{children}</table>
    </section>
  );
}
