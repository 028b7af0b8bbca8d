// The saved replies, to make, change and delete: one's own, and by supervisors everybody's.

import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Person, WireError } from '../shared/core/wire';
import { Field } from './Field';
import { LoadProblem } from './LoadProblem';
import { type Outcome, OutcomeLine, Panel } from './Panel';
import type { SavedReply } from './replies';
import { deleteReply, loadReplies, putReply, type ReplyContent, savedReplies } from './repliesApi';
import { explain, repliesWords } from './repliesWords';

export function RepliesPanel({ me }: { me: Person }) {
  const words = repliesWords.value;
  const [problem, setProblem] = useState<WireError | null>(null);
  const replies = savedReplies.value;
  const mayShare = me.role === 'supervisor' || me.role === 'admin';
  const load = async () => setProblem(await loadReplies());
  useEffect(() => void load(), []);
  return (
    <Panel title={words.savedReplies}>
      <div>
        <p>{words.about}</p>
        <p class="hint">{words.placeholders}</p>
      </div>
      <NewReply mayShare={mayShare} />
      {replies === null && problem === null && <p class="skeleton">{words.loading}</p>}
      {problem !== null && <LoadProblem why={explain(problem)} again={load} />}
      {replies?.length === 0 && <p class="absent">{words.none}</p>}
      {replies !== null && replies.length > 0 && (
        <ul class="entries" aria-label={words.savedReplies}>
          {replies.map(reply => (
            <ReplyRow key={reply.id} reply={reply} mayShare={mayShare} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function NewReply({ mayShare }: { mayShare: boolean }) {
  const words = repliesWords.value;
  const [made, setMade] = useState(0);
  const summary = useRef<HTMLElement>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  return (
    <details class="block new-account">
      <summary ref={summary}>{words.newReply}</summary>
      <ReplyForm
        key={made}
        label={words.newReply}
        done={words.create}
        mayShare={mayShare}
        save={async content => {
          setOutcome(null);
          const { error } = await putReply(null, content);
          if (error === null) {
            setMade(made + 1);
            setOutcome({ good: true, text: words.saved });
            summary.current?.focus();
          }
          return error;
        }}
      />
      <OutcomeLine outcome={outcome} />
    </details>
  );
}

interface ReplyRowProps {
  reply: SavedReply;
  mayShare: boolean;
}

function ReplyRow({ reply, mayShare }: ReplyRowProps) {
  const words = repliesWords.value;
  const [task, setTask] = useState<'edit' | 'remove' | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const row = useRef<HTMLLIElement>(null);
  const title = useId();
  const leave = () => {
    setTask(null);
    row.current?.focus();
  };
  const begin = (next: 'edit' | 'remove') => {
    setOutcome(null);
    setTask(next);
  };
  const remove = async () => {
    const { error } = await deleteReply(reply.id);
    if (error !== null) setOutcome({ good: false, text: explain(error) });
  };
  return (
    <li ref={row} class="entry" tabIndex={-1} aria-labelledby={title}>
      <div class="entry-main">
        <p class="entry-title" id={title}>
          <bdi>/{reply.shortcut}</bdi>
          {reply.title !== null && <bdi class="reply-title">{reply.title}</bdi>}
          {reply.shared && <span class="mark">{words.everybodys}</span>}
        </p>
        <p class="hint reply-text" dir="auto">
          {reply.text}
        </p>
      </div>
      {task === null && (mayShare || !reply.shared) && (
        <div class="tasks">
          <TaskButton label={words.edit} of={reply} act={() => begin('edit')} />
          <TaskButton label={words.remove} of={reply} act={() => begin('remove')} />
        </div>
      )}
      {task === 'edit' && (
        <ReplyForm
          label={words.edit}
          done={words.save}
          initial={reply}
          mayShare={mayShare}
          cancel={leave}
          save={async content => {
            const { error } = await putReply(reply.id, content);
            if (error === null) {
              setOutcome({ good: true, text: words.saved });
              leave();
            }
            return error;
          }}
        />
      )}
      {task === 'remove' && <AskToRemove act={remove} cancel={leave} />}
      <OutcomeLine outcome={outcome} />
    </li>
  );
}

interface TaskButtonProps {
  label: string;
  of: SavedReply;
  act: () => void;
}

function TaskButton({ label, of, act }: TaskButtonProps) {
  return (
    <button type="button" class="plain" onClick={act}>
      {label}
      <span class="hidden">
        {' '}
        <bdi>{of.shortcut}</bdi>
      </span>
    </button>
  );
}

function AskToRemove({ act, cancel }: { act: () => void; cancel: () => void }) {
  const words = repliesWords.value;
  const group = useRef<HTMLFieldSetElement>(null);
  useLayoutEffect(() => group.current?.focus(), []);
  return (
    <fieldset ref={group} class="ask" tabIndex={-1} onKeyDown={onEscape(cancel)}>
      <legend>{words.removeAsk}</legend>
      <button type="button" class="primary" onClick={act}>
        {words.remove}
      </button>
      <button type="button" class="quiet" onClick={cancel}>
        {words.cancel}
      </button>
    </fieldset>
  );
}

interface ReplyFormProps {
  label: string;
  done: string;
  initial?: SavedReply;
  mayShare: boolean;
  /** Why it was not saved; null when it was. */
  save: (content: ReplyContent) => Promise<WireError | null>;
  cancel?: () => void;
}

function ReplyForm({ label, done, initial, mayShare, save, cancel }: ReplyFormProps) {
  const words = repliesWords.value;
  const id = useId();
  const shortcut = useRef<HTMLInputElement>(null);
  const title = useRef<HTMLInputElement>(null);
  const text = useRef<HTMLTextAreaElement>(null);
  const shared = useRef<HTMLSelectElement>(null);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  useLayoutEffect(() => {
    if (initial !== undefined) shortcut.current?.focus();
  }, []);
  const fail = (why: string, field: HTMLElement | null) => {
    setOutcome({ good: false, text: why });
    field?.focus();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setOutcome(null);
    const content: ReplyContent = {
      shortcut: (shortcut.current?.value ?? '').trim().replace(/^\//, ''),
      title: title.current?.value.trim() || null,
      text: text.current?.value ?? '',
      shared: shared.current?.value === 'all',
    };
    if (!/^[^\s/]{1,32}$/u.test(content.shortcut)) {
      return fail(words.shortcutInvalid, shortcut.current);
    }
    if (content.text.trim() === '') return fail(words.textMissing, text.current);
    setBusy(true);
    const error = await save(content);
    setBusy(false);
    if (error === null) return;
    fail(explain(error), error.code === 'text_too_long' ? text.current : shortcut.current);
  };
  return (
    <form
      class="reply-form"
      aria-label={label}
      aria-busy={busy}
      onSubmit={submit}
      {...(cancel !== undefined && { onKeyDown: onEscape(cancel) })}
    >
      <div class="fields">
        <Field
          label={words.shortcut}
          hint={words.shortcutHint}
          input={shortcut}
          initial={initial?.shortcut ?? ''}
          autocomplete="off"
          maxLength={33}
          required
        />
        <Field
          label={words.replyTitle}
          input={title}
          initial={initial?.title ?? ''}
          autocomplete="off"
          maxLength={100}
        />
      </div>
      <div class="field wide">
        <label for={`${id}-text`}>{words.text}</label>
        <textarea
          ref={text}
          id={`${id}-text`}
          rows={4}
          dir="auto"
          required
          defaultValue={initial?.text ?? ''}
        />
      </div>
      {mayShare && (
        <div class="field">
          <label for={`${id}-shared`}>{words.forWhom}</label>
          <select ref={shared} id={`${id}-shared`}>
            <option value="mine" selected={initial?.shared !== true}>
              {words.mine}
            </option>
            <option value="all" selected={initial?.shared === true}>
              {words.forAll}
            </option>
          </select>
        </div>
      )}
      <OutcomeLine outcome={outcome} />
      <div class="tasks">
        <button type="submit" class="primary" aria-disabled={busy}>
          {done}
        </button>
        {cancel !== undefined && (
          <button type="button" class="quiet" onClick={cancel}>
            {words.cancel}
          </button>
        )}
      </div>
    </form>
  );
}

/** Escape leaves, unless an input method has it. */
function onEscape(leave: () => void) {
  return (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.preventDefault();
    leave();
  };
}
