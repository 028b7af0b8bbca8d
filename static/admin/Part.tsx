// A part of a view under a heading, or folded away under it.

import type { ComponentChildren } from 'preact';

interface PartProps {
  title: string;
  children: ComponentChildren;
}

export function Part({ title, children }: PartProps) {
  return (
    <section class="admin-part">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function Folded({ title, children }: PartProps) {
  return (
    <details class="admin-part">
      <summary>{title}</summary>
      {children}
    </details>
  );
}
