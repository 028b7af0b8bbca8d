// Where a message is written: Enter sends, Shift+Enter is a new line, and an input method keeps
// its own Enter.

import type { ComponentChildren, TextareaHTMLAttributes } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { clock } from '../browser';
import { Composition } from '../core/composition';
import { charactersLeft, tidy } from '../core/text';
import type { Limits } from '../core/wire';
import { type Attach, filesUi, loadFiles } from './files';
import { Icon } from './Icon';
import { locale } from './locale';

/** The text, for who helps to write it. */
export interface Editor {
  readonly field: HTMLTextAreaElement;
  /** Takes what the field says now. */
  readonly write: (text: string) => void;
}

/** Helps to write; never asked while an input method has the keys. */
export interface Assist {
  editor: { current: Editor | null };
  /** The text or the caret has changed. */
  edited: (text: string, caret: number) => void;
  /** The focus has left the text. */
  left: () => void;
  /** Whether it was a key for the helper. */
  key: (event: KeyboardEvent) => boolean;
  attributes: TextareaHTMLAttributes;
  popup: ComponentChildren;
}

interface ComposerProps {
  /** What is written is a note, for agents only. */
  note?: boolean;
  assist?: Assist;
  /** Beside the text, before it. */
  tools?: ComponentChildren;
  draft: string;
  limits: Limits;
  /** Where files go from here. */
  attach: Attach;
  disabled: boolean;
  autofocus: boolean;
  changed: (draft: string) => void;
  send: (text: string) => void;
}

/** The counter shows when less than a tenth of the limit is left. */
const COUNTER_SHARE = 0.1;
const GROWS_BY_ITSELF = CSS.supports('field-sizing', 'content');

export function Composer(props: ComposerProps) {
  const { draft, limits, disabled, autofocus, changed, send, note = false } = props;
  const { tools, attach, assist } = props;
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
  const isBlank = tidy(text).trim() === '';
  /** Null where no files can be sent. */
  const files = disabled ? null : limits.files;
  const ui = files === null ? null : filesUi.value;
  const hasFiles = ui?.chosenFor(attach.key).value.some(one => one.problem === null) === true;
  const sendable = !disabled && left >= 0 && (!isBlank || hasFiles);

  useLayoutEffect(() => {
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
  const edited = () => {
    const element = field.current;
    if (element !== null) assist?.edited(element.value, element.selectionEnd);
  };
  useLayoutEffect(() => {
    if (assist && field.current) assist.editor.current = { field: field.current, write };
  });
  const submit = () => {
    if (!sendable) return;
    // The words first: they are there before the files are up.
    if (!isBlank) send(tidy(text));
    ui?.sendChosen(attach);
    write('');
    assist?.edited('', 0);
    field.current?.focus();
  };
  const choose = async (list: Iterable<File>) => {
    // The list of a field is empty once the field is.
    const chosen = [...list];
    if (files === null || chosen.length === 0) return;
    const { choose } = await loadFiles();
    choose(attach, chosen, files);
    field.current?.focus();
  };
  const latestChoose = useRef(choose);
  latestChoose.current = choose;
  const [dropped] = useState(() => (files: File[]) => void latestChoose.current(files));
  const paste = (event: ClipboardEvent) => {
    const from = event.clipboardData;
    // Office programs put a picture of what was copied beside the words.
    if (from === null || from.files.length === 0 || from.types.includes('text/plain')) return;
    event.preventDefault();
    void choose(from.files);
  };

  // What takes the files is here before they are dropped.
  useLayoutEffect(() => {
    if (files === null) return;
    const load = () => void loadFiles();
    document.addEventListener('dragenter', load, { once: true });
    return () => document.removeEventListener('dragenter', load);
  }, [files === null]);

  const keyDown = (event: KeyboardEvent) => {
    if (composition.owns(event)) return;
    if (assist?.key(event)) return event.preventDefault();
    if (event.key !== 'Enter' || event.shiftKey || event.altKey) return;
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
      {ui !== null && files !== null && (
        <>
          <ui.Drop attach={attach} dropped={dropped} />
          <ui.Tray attach={attach} limits={files} removed={() => field.current?.focus()} />
        </>
      )}
      {assist?.popup}
      <div class="composer-box">
        {files !== null && (
          // A label, so that the browser opens its own dialog.
          <label class="attach" title={words.attach} onPointerEnter={() => void loadFiles()}>
            <ClipIcon />
            <input
              type="file"
              multiple
              aria-label={words.attach}
              onChange={event => {
                void choose(event.currentTarget.files ?? []);
                event.currentTarget.value = '';
              }}
            />
          </label>
        )}
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
          onInput={event => {
            write(event.currentTarget.value);
            edited();
          }}
          onKeyDown={keyDown}
          onPaste={paste}
          onCompositionStart={() => composition.started()}
          onCompositionEnd={() => composition.ended()}
          {...(assist !== undefined && {
            ...assist.attributes,
            onSelect: edited,
            onBlur: assist.left,
          })}
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

const SendIcon = () => (
  <Icon>
    <path d="M10 16V4M4.5 9.5 10 4l5.5 5.5" />
  </Icon>
);

const ClipIcon = () => (
  <Icon>
    <path d="m15.5 9.5-5.4 5.4a3.4 3.4 0 0 1-4.8-4.8l6-6a2.2 2.2 0 0 1 3.2 3.2l-6 6a1.1 1.1 0 0 1-1.6-1.6l5.2-5.2" />
  </Icon>
);
