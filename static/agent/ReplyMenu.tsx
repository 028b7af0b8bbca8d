// The saved replies that a `/` in the composer opens: a list below the agent's fingers, which keep the
// focus in the text. Arrows go through it, Enter or Tab puts one in, Escape closes it.

import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Assist, Editor } from '../shared/ui/Composer';
import { type Asked, askedFor, fill, fitting, type Names, type SavedReply } from './replies';
import { loadReplies, savedReplies } from './repliesApi';
import { repliesWords } from './repliesWords';

export function useReplyMenu(names: Names): Assist & { open: () => void } {
  const words = repliesWords.value;
  const list = useId();
  const editor = useRef<Editor>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  /** Closed by hand: where the `/` stands that is to stay a `/`. */
  const [shutAt, setShutAt] = useState<number | null>(null);
  const [chosen, setChosen] = useState(0);
  const found =
    asked === null || asked.from === shutAt ? [] : fitting(savedReplies.value ?? [], asked.query);
  const isOpen = found.length > 0;
  const at = Math.min(chosen, found.length - 1);

  const isAsked = asked !== null;
  useEffect(() => {
    if (isAsked) void loadReplies();
  }, [isAsked]);

  const edited = (text: string, caret: number) => {
    const next = askedFor(text, caret);
    if (next === null) setShutAt(null);
    if (next?.query !== asked?.query || next?.from !== asked?.from) setChosen(0);
    setAsked(next);
  };
  /** Puts something in the place of a part, and the caret behind it. */
  const replace = (from: number, to: number, by: string) => {
    if (editor.current === null) return;
    const { field, write } = editor.current;
    field.focus();
    field.setRangeText(by, from, to, 'end');
    write(field.value);
    edited(field.value, field.selectionEnd);
  };
  /** Types a word of its own at the caret. */
  const insert = (word: string) => {
    const {
      value = '',
      selectionStart: from = 0,
      selectionEnd: to = 0,
    } = editor.current?.field ?? {};
    replace(from, to, /(^|\s)$/u.test(value.slice(0, from)) ? word : ` ${word}`);
  };
  const put = (reply: SavedReply) => {
    if (asked === null) return;
    const text = fill(reply.text, names, {
      customer: words.noNameCustomer,
      agent: words.noNameAgent,
    });
    replace(asked.from, asked.from + asked.query.length + 1, text);
  };
  const key = (event: KeyboardEvent): boolean => {
    if (!isOpen || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return false;
    switch (event.key) {
      case 'ArrowDown':
        setChosen((at + 1) % found.length);
        return true;
      case 'ArrowUp':
        setChosen((at + found.length - 1) % found.length);
        return true;
      case 'Enter':
      case 'Tab': {
        const reply = found[at];
        if (reply !== undefined) put(reply);
        return true;
      }
      case 'Escape':
        setShutAt(asked?.from ?? null);
        return true;
      default:
        return false;
    }
  };
  return {
    editor,
    edited,
    key,
    left: () => setAsked(null),
    attributes: {
      'aria-haspopup': 'listbox',
      'aria-autocomplete': 'list',
      'aria-controls': isOpen ? list : undefined,
      'aria-activedescendant': isOpen ? `${list}-${at}` : undefined,
    },
    popup: (
      <>
        <p class="hidden" aria-live="polite">
          {isOpen ? words.found(found.length) : ''}
        </p>
        {isOpen && <Options id={list} replies={found} at={at} put={put} />}
      </>
    ),
    open: () => insert('/'),
  };
}

interface OptionsProps {
  id: string;
  replies: readonly SavedReply[];
  at: number;
  put: (reply: SavedReply) => void;
}

function Options({ id, replies, at, put }: OptionsProps) {
  const words = repliesWords.value;
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  return (
    // The text keeps the focus, and its keys choose.
    <div ref={box} id={id} class="reply-menu" role="listbox" aria-label={words.savedReplies}>
      {replies.map((reply, index) => (
        <div
          key={reply.id}
          id={`${id}-${index}`}
          class="reply-option"
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          // Before the text would lose the focus.
          onPointerDown={event => event.preventDefault()}
          onMouseDown={event => event.preventDefault()}
          onClick={() => put(reply)}
          onKeyDown={event => {
            if (event.key === 'Enter') put(reply);
          }}
        >
          <span class="reply-name">
            <bdi>/{reply.shortcut}</bdi>
            {reply.title !== null && <bdi class="reply-title">{reply.title}</bdi>}
          </span>
          <span class="preview" dir="auto">
            {reply.text.slice(0, 200)}
          </span>
        </div>
      ))}
    </div>
  );
}
