// A button that opens a short list of things to do; Escape and a click elsewhere close it.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface MenuProps {
  label: string;
  children: (shut: () => void) => ComponentChildren;
}

export function Menu({ label, children }: MenuProps) {
  const menu = useRef<HTMLDetailsElement>(null);
  const shut = () => {
    if (menu.current !== null) menu.current.open = false;
  };
  useLayoutEffect(() => {
    const elsewhere = (event: Event) => {
      if (event.target instanceof Node && !menu.current?.contains(event.target)) shut();
    };
    document.addEventListener('pointerdown', elsewhere);
    document.addEventListener('focusin', elsewhere);
    return () => {
      document.removeEventListener('pointerdown', elsewhere);
      document.removeEventListener('focusin', elsewhere);
    };
  }, []);
  return (
    <details
      ref={menu}
      class="menu"
      onKeyDown={event => {
        if (event.key !== 'Escape' || menu.current?.open !== true) return;
        shut();
        menu.current.querySelector('summary')?.focus();
      }}
    >
      <summary class="quiet">{label}</summary>
      <ul class="menu-list">{children(shut)}</ul>
    </details>
  );
}
