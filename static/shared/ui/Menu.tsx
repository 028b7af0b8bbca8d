// A button that opens a short list of things to do. The arrow keys, Home and End go through it; Escape and
// a click elsewhere close it, and the focus goes back to the button.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { adopt } from './adopt';
import css from './menu.css?inline';

adopt(css);

interface MenuProps {
  label: ComponentChildren;
  children: (shut: () => void) => ComponentChildren;
}

export function Menu({ label, children }: MenuProps) {
  const menu = useRef<HTMLDetailsElement>(null);
  const button = () => menu.current?.querySelector('summary');
  const shut = () => {
    if (menu.current?.open !== true) return;
    // Before it is hidden with what has it: a dialog that opens now gives it back to the button.
    if (menu.current.contains(document.activeElement)) button()?.focus();
    menu.current.open = false;
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

  const pressed = (event: KeyboardEvent) => {
    const element = menu.current;
    if (element === null || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Escape') {
      shut();
      return;
    }
    const onButton = document.activeElement === button();
    if (!element.open) {
      if (!onButton || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
      element.open = true;
    }
    const all = [...element.querySelectorAll<HTMLElement>('a, button, summary')];
    // The first is the menu's own button.
    const items = all.slice(1).filter(item => item.matches(':enabled, a, summary'));
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = target(event.key, at, items.length);
    if (to === null) return;
    event.preventDefault();
    items[to]?.focus();
  };
  return (
    <details ref={menu} class="menu" onKeyDown={pressed}>
      <summary class="quiet">{label}</summary>
      <ul class="menu-list">{children(shut)}</ul>
    </details>
  );
}

/** Where a key leads from one of `count` items; from -1, the button, to the first or the last. */
function target(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % count;
    case 'ArrowUp':
      return at <= 0 ? count - 1 : at - 1;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
