// A link to another place on this page, which need not be loaded anew for it. In a new tab it opens as any other.

import type { ComponentChildren } from 'preact';
import { go, hrefOf } from './address';

interface LinkProps {
  to: URLSearchParams;
  /** It leads to where one is. */
  isHere?: boolean;
  children: ComponentChildren;
}

export function Link({ to, isHere = false, children }: LinkProps) {
  return (
    <a
      href={hrefOf(to)}
      aria-current={isHere ? 'page' : undefined}
      onClick={event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
