// Everybody's accounts, for admins: make, rename, give another role, disable and enable, reset the
// password.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Person, WireError } from '../shared/core/wire';
import { locale } from '../shared/ui/locale';
import { AccountRow, RoleSelect } from './AccountRow';
import * as api from './accountsApi';
import { accountWords, explain } from './accountWords';
import { Field } from './Field';
import { LoadProblem } from './LoadProblem';
import { MAX_CHARS, MIN_CHARS } from './newPassword';
import { type Outcome, OutcomeLine, Panel } from './Panel';
import { Secret } from './Secret';

export function AccountsPanel({ me }: { me: Person }) {
  const words = accountWords.value;
  const [accounts, setAccounts] = useState<api.Account[] | null>(null);
  const [problem, setProblem] = useState<WireError | null>(null);
  const load = async () => {
    const { ok, error } = await api.accounts();
    if (ok !== null) setAccounts(ok);
    setProblem(error);
  };
  const isAdmin = me.role === 'admin';
  useEffect(() => {
    if (isAdmin) void load();
  }, [isAdmin]);
  if (!isAdmin) {
    return (
      <Panel title={words.accounts}>
        <p role="alert">{locale.value.error('forbidden')}</p>
      </Panel>
    );
  }
  const changed = (account: api.Account) =>
    setAccounts(now => now?.map(one => (one.id === account.id ? account : one)) ?? null);
  return (
    <Panel title={words.accounts}>
      <NewAccount made={load} />
      {accounts === null && problem === null && <p class="skeleton">{words.loading}</p>}
      {problem !== null && <LoadProblem why={explain(problem)} again={load} />}
      {accounts !== null && (
        <ul class="entries" aria-label={words.accounts}>
          {accounts.map(account => (
            <AccountRow
              key={account.id}
              account={account}
              mine={account.id === me.id}
              changed={changed}
            />
          ))}
        </ul>
      )}
    </Panel>
  );
}

const USERNAME = /^[a-z0-9._@-]{1,64}$/i;

function NewAccount({ made }: { made: () => void }) {
  const words = accountWords.value;
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [secret, setSecret] = useState<{ username: string; password: string } | null>(null);
  const summary = useRef<HTMLElement>(null);
  const username = useRef<HTMLInputElement>(null);
  const name = useRef<HTMLInputElement>(null);
  const role = useRef<HTMLSelectElement>(null);
  const password = useRef<HTMLInputElement>(null);

  const fail = (text: string, field: HTMLInputElement | null) => {
    setOutcome({ good: false, text });
    field?.focus();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    if (busy) return;
    setOutcome(null);
    setSecret(null);
    const account: api.NewAccount = {
      username: username.current?.value.trim() ?? '',
      name: name.current?.value.trim() ?? '',
      role: role.current?.value ?? '',
    };
    const chosen = password.current?.value ?? '';
    const chars = [...chosen].length;
    if (!USERNAME.test(account.username)) return fail(words.usernameInvalid, username.current);
    if (account.name === '' || [...account.name].length > 100) {
      return fail(words.nameInvalid, name.current);
    }
    if (chosen !== '' && (chars < MIN_CHARS || chars > MAX_CHARS)) {
      return fail(words.passwordLength, password.current);
    }
    if (chosen !== '') account.password = chosen;
    setBusy(true);
    const { ok, error } = await api.createAccount(account);
    setBusy(false);
    if (error !== null) return fail(explain(error), username.current);
    form.reset();
    setOutcome({ good: true, text: words.accountCreated });
    if (ok.password !== null) {
      setSecret({ username: ok.value.username, password: ok.password });
    } else {
      username.current?.focus();
    }
    made();
  };

  return (
    <details class="block new-account">
      <summary ref={summary}>{words.newAccount}</summary>
      <form aria-busy={busy} aria-label={words.newAccount} onSubmit={submit}>
        <div class="fields">
          <Field
            label={words.username}
            hint={words.usernameHint}
            input={username}
            autocomplete="off"
            maxLength={64}
            required
          />
          <Field
            label={words.name}
            hint={words.nameHint}
            input={name}
            autocomplete="off"
            maxLength={100}
            required
          />
          <RoleSelect select={role} initial="agent" />
          <Field
            label={words.chosenPassword}
            hint={words.chosenPasswordHint}
            input={password}
            type="password"
            autocomplete="new-password"
          />
        </div>
        <OutcomeLine outcome={outcome} />
        <button type="submit" class="primary" aria-disabled={busy}>
          {words.createAccount}
        </button>
      </form>
      {secret !== null && (
        <Secret
          {...secret}
          done={() => {
            setSecret(null);
            setOutcome(null);
            summary.current?.focus();
          }}
        />
      )}
    </details>
  );
}
