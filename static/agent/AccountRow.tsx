// One account in the admin's list, and what can be done to it. What cannot be taken back is asked
// about first, in the row itself.

import type { Ref } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import * as api from './accountsApi';
import { accountWords, explain, roleName } from './accountWords';
import { readCapacity } from './capacity';
import { Field } from './Field';
import { type Outcome, OutcomeLine } from './Panel';
import { Secret } from './Secret';
import * as totp from './totpApi';
import { totpWords } from './totpWords';

type Task = 'edit' | 'disable' | 'reset' | 'factor';

interface AccountRowProps {
  account: api.Account;
  /** It is the reader's own, which nobody disables, demotes or resets. */
  mine: boolean;
  changed: (account: api.Account) => void;
}

export function AccountRow({ account, mine, changed }: AccountRowProps) {
  const words = accountWords.value;
  const [task, setTask] = useState<Task | null>(null);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [password, setPassword] = useState<string | null>(null);
  const title = useId();
  const row = useRef<HTMLLIElement>(null);

  const begin = (next: Task) => {
    setOutcome(null);
    setPassword(null);
    setTask(next);
  };
  const leave = () => {
    setTask(null);
    row.current?.focus();
  };
  const change = async (change: api.Change) => {
    if (busy) return;
    setBusy(true);
    const { ok, error } = await api.changeAccount(account.id, change);
    setBusy(false);
    if (error !== null) {
      setOutcome({ good: false, text: explain(error) });
      return;
    }
    changed(ok);
    setOutcome({ good: true, text: words.saved });
    leave();
  };
  const reset = async () => {
    if (busy) return;
    setBusy(true);
    const { ok, error } = await api.resetPassword(account.id);
    setBusy(false);
    if (error !== null) {
      setOutcome({ good: false, text: explain(error) });
      return;
    }
    setTask(null);
    setPassword(ok.password);
  };

  const resetFactor = async () => {
    if (busy) return;
    setBusy(true);
    const { error } = await totp.reset(account.id);
    setBusy(false);
    if (error !== null) {
      setOutcome({ good: false, text: explain(error) });
      return;
    }
    changed({ ...account, secondFactor: false });
    setOutcome({ good: true, text: words.saved });
    leave();
  };

  return (
    <li
      ref={row}
      class={account.disabled ? 'entry account-row is-disabled' : 'entry account-row'}
      tabIndex={-1}
      aria-labelledby={title}
    >
      <div class="entry-main">
        <p class="entry-title" id={title}>
          <bdi>{account.name}</bdi>
          {mine && <span class="mark">{words.you}</span>}
          {account.disabled && <span class="mark off">{words.isDisabled}</span>}
          {account.secondFactor && <span class="mark">{totpWords.value.hasSecondFactor}</span>}
        </p>
        <p class="hint">
          <bdi>{account.username}</bdi>
          {' · '}
          {roleName(account.role)}
        </p>
      </div>
      {task === null && (
        <div class="tasks">
          <TaskButton label={words.edit} of={account} act={() => begin('edit')} />
          {!mine && (
            <>
              <TaskButton label={words.resetPassword} of={account} act={() => begin('reset')} />
              {account.secondFactor && (
                <TaskButton
                  label={totpWords.value.resetFactor}
                  of={account}
                  act={() => begin('factor')}
                />
              )}
              {account.disabled ? (
                <TaskButton
                  label={words.enable}
                  of={account}
                  act={() => change({ disabled: false })}
                />
              ) : (
                <TaskButton label={words.disable} of={account} act={() => begin('disable')} />
              )}
            </>
          )}
        </div>
      )}
      {task === 'edit' && (
        <EditForm account={account} mine={mine} busy={busy} save={change} cancel={leave} />
      )}
      {task === 'disable' && (
        <Ask
          question={words.disableAsk}
          yes={words.disable}
          act={() => change({ disabled: true })}
          cancel={leave}
        />
      )}
      {task === 'reset' && (
        <Ask question={words.resetAsk} yes={words.resetPassword} act={reset} cancel={leave} />
      )}
      {task === 'factor' && (
        <Ask
          question={totpWords.value.resetFactorAsk}
          yes={totpWords.value.resetFactor}
          act={resetFactor}
          cancel={leave}
        />
      )}
      {password !== null && (
        <Secret
          username={account.username}
          password={password}
          done={() => {
            setPassword(null);
            row.current?.focus();
          }}
        />
      )}
      <OutcomeLine outcome={outcome} />
    </li>
  );
}

interface TaskButtonProps {
  label: string;
  of: api.Account;
  act: () => void;
}

function TaskButton({ label, of, act }: TaskButtonProps) {
  return (
    <button type="button" class="plain" onClick={act}>
      {label}
      <span class="hidden">
        {' '}
        <bdi>{of.username}</bdi>
      </span>
    </button>
  );
}

interface AskProps {
  question: string;
  yes: string;
  act: () => void;
  cancel: () => void;
}

function Ask({ question, yes, act, cancel }: AskProps) {
  const words = accountWords.value;
  const group = useRef<HTMLFieldSetElement>(null);
  useLayoutEffect(() => group.current?.focus(), []);
  return (
    <fieldset ref={group} class="ask" tabIndex={-1} onKeyDown={onEscape(cancel)}>
      <legend>{question}</legend>
      <button type="button" class="primary" onClick={act}>
        {yes}
      </button>
      <button type="button" class="quiet" onClick={cancel}>
        {words.cancel}
      </button>
    </fieldset>
  );
}

interface EditFormProps {
  account: api.Account;
  mine: boolean;
  busy: boolean;
  save: (change: api.Change) => void;
  cancel: () => void;
}

function EditForm({ account, mine, busy, save, cancel }: EditFormProps) {
  const words = accountWords.value;
  const name = useRef<HTMLInputElement>(null);
  const role = useRef<HTMLSelectElement>(null);
  const capacity = useRef<HTMLInputElement>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  useLayoutEffect(() => name.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    const typed = name.current?.value.trim() ?? '';
    if (typed === '' || [...typed].length > 100) {
      setOutcome({ good: false, text: words.nameInvalid });
      name.current?.focus();
      return;
    }
    const room = readCapacity(capacity.current?.value ?? '');
    if (room === undefined) {
      setOutcome({ good: false, text: words.capacityInvalid });
      capacity.current?.focus();
      return;
    }
    save({
      name: typed,
      capacity: room,
      ...(role.current !== null && { role: role.current.value }),
    });
  };
  return (
    <form class="edit-form" aria-busy={busy} onSubmit={submit} onKeyDown={onEscape(cancel)}>
      <div class="fields">
        <Field
          label={words.name}
          hint={words.nameHint}
          input={name}
          initial={account.name}
          autocomplete="off"
          maxLength={100}
          required
        />
        {!mine && <RoleSelect select={role} initial={account.role} hint={words.roleEndsSessions} />}
        <Field
          label={words.capacity}
          hint={words.capacityHint}
          input={capacity}
          initial={account.capacity === null ? '' : String(account.capacity)}
          autocomplete="off"
          maxLength={4}
          digits
        />
      </div>
      <OutcomeLine outcome={outcome} />
      <button type="submit" class="primary" aria-disabled={busy}>
        {words.save}
      </button>
      <button type="button" class="quiet" onClick={cancel}>
        {words.cancel}
      </button>
    </form>
  );
}

interface RoleSelectProps {
  select: Ref<HTMLSelectElement>;
  initial: string;
  hint?: string;
}

export function RoleSelect({ select, initial, hint }: RoleSelectProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{accountWords.value.role}</label>
      <select ref={select} id={id} aria-describedby={hint === undefined ? undefined : `${id}-hint`}>
        {api.ROLES.map(role => (
          <option key={role} value={role} selected={role === initial}>
            {roleName(role)}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

function onEscape(cancel: () => void) {
  return (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.preventDefault();
    cancel();
  };
}
