// Where a message is written: Enter sends, Shift+Enter is a new line, and an input method keeps
// its own Enter.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { clock } from '../browser';
import { Composition } from '../core/composition';
import { charactersLeft, tidy } from '../core/text';
import type { Limits } from '../core/wire';
import { SendIcon } from './icons';
import { locale } from './locale';

interface ComposerProps {
  /** What is written is a note, for agents only. */
  note?: boolean;
  /** Beside the text, before it. */
  tools?: ComponentChildren;
  draft: string;
  limits: Limits;
  disabled: boolean;
  autofocus: boolean;
  changed: (draft: string) => void;
  send: (text: string) => void;
}

/** The counter shows when less than a tenth of the limit is left. */
const COUNTER_SHARE = 0.1;
const GROWS_BY_ITSELF = CSS.supports('field-sizing', 'content');

export function Composer(props: ComposerProps) {
  const { draft, limits, disabled, autofocus, changed, send, note = false, tools } = props;
  const { words, number } = {
    words: locale.value.words,
    number: (n: number) => locale.value.number(n),
  };
  const [text, setText] = useState(draft);
  const [composition] = useState(() => new Composition(clock));
  const field = useRef<HTMLTextAreaElement>(null);
  const counterId = useId();
  const left = charactersLeft(tidy(text), limits);
  const near = left < limits.text_chars * COUNTER_SHARE;
  const sendable = !disabled && left >= 0 && tidy(text).trim() !== '';

  useEffect(() => {
    if (autofocus) field.current?.focus();
  }, [autofocus]);

  useLayoutEffect(() => {
    const element = field.current;
    if (GROWS_BY_ITSELF || element === null || text !== element.value) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  const write = (value: string) => {
    setText(value);
    changed(value);
  };
  const submit = () => {
    if (!sendable) return;
    send(tidy(text));
    write('');
    field.current?.focus();
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.altKey || composition.owns(event)) return;
    event.preventDefault();
    submit();
  };

  return (
    <form
      class={note ? 'composer for-note' : 'composer'}
      onSubmit={event => {
        event.preventDefault();
        submit();
      }}
    >
      {tools}
      <div class="composer-box">
        <textarea
          ref={field}
          aria-label={note ? words.note : words.message}
          aria-describedby={near ? counterId : undefined}
          aria-invalid={left < 0}
          placeholder={note ? words.noteSaid : words.writeMessage}
          rows={1}
          dir="auto"
          enterkeyhint="send"
          value={text}
          disabled={disabled}
          onInput={event => write(event.currentTarget.value)}
          onKeyDown={keyDown}
          onCompositionStart={() => composition.started()}
          onCompositionEnd={() => composition.ended()}
        />
        <button
          type="submit"
          class="send"
          aria-label={words.send}
          title={words.send}
          disabled={!sendable}
          onMouseDown={event => event.preventDefault()}
        >
          <SendIcon />
        </button>
      </div>
      {near && (
        <p id={counterId} class={left < 0 ? 'counter over' : 'counter'}>
          {left < 0 ? words.charactersOver(-left) : words.charactersLeft(left)}
          <span aria-hidden="true">
            {' '}
            · {number(limits.text_chars - left)} / {number(limits.text_chars)}
          </span>
        </p>
      )}
    </form>
  );
}
