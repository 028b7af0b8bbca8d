// The keys of the desk: what they do, the list of them, and the switch for who wants none. Letters go by
// the key's place, so that they work in every layout and with every input method.

import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { localStore } from '../shared/stores';
import { consoleWords } from './consoleWords';
import { Dialog } from './Dialog';

const KEY = 'kefu.shortcuts';

export const shortcutsOn = signal(localStore.get(KEY) !== 'off');
export const listShown = signal(false);

export interface Commands {
  neighbour: (step: 1 | -1) => void;
  takeNext: () => void;
  end: () => void;
  search: () => void;
}

export function useShortcuts(commands: Commands): void {
  const latest = useRef(commands);
  latest.current = commands;
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!shortcutsOn.value || event.isComposing || event.ctrlKey || event.metaKey) return;
      // A dialog has the keyboard for itself.
      if (document.querySelector('dialog[open]') !== null) return;
      const run = event.altKey
        ? withAlt(event.code, latest.current)
        : isField(event.target)
          ? null
          : withoutAlt(event.key, latest.current);
      if (run === null) return;
      event.preventDefault();
      run();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
}

function withAlt(code: string, { neighbour, takeNext, end }: Commands): (() => void) | null {
  switch (code) {
    case 'ArrowDown':
      return () => neighbour(1);
    case 'ArrowUp':
      return () => neighbour(-1);
    case 'KeyN':
      return takeNext;
    case 'KeyE':
      return end;
    default:
      return null;
  }
}

function withoutAlt(key: string, { search }: Commands): (() => void) | null {
  switch (key) {
    case '?':
      return () => {
        listShown.value = true;
      };
    case '/':
      return search;
    default:
      return null;
  }
}

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select') !== null;
}

export function ShortcutList() {
  const words = consoleWords.value;
  const close = () => {
    listShown.value = false;
  };
  const keys = [
    ['Alt+↓', words.shortcutNext],
    ['Alt+↑', words.shortcutPrevious],
    ['Alt+N', words.shortcutTake],
    ['Alt+E', words.shortcutClose],
    ['/', words.shortcutSearch],
    ['?', words.shortcutList],
  ];
  return (
    <Dialog title={words.shortcuts} closed={close}>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={shortcutsOn.value}
          onChange={event => {
            shortcutsOn.value = event.currentTarget.checked;
            localStore.set(KEY, shortcutsOn.value ? 'on' : 'off');
          }}
        />
        {words.shortcutsOn}
      </label>
      <form method="dialog">
        <button type="submit" class="primary">
          {words.dismiss}
        </button>
      </form>
    </Dialog>
  );
}
