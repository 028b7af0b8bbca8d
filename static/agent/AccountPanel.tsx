// One's own account: who I am, another password, and where I am signed in.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Person, WireError } from '../shared/core/wire';
import { locale } from '../shared/ui/locale';
import { nameOf } from '../shared/ui/names';
import * as api from './accountsApi';
import { accountWords, explain, roleName } from './accountWords';
import { deviceName } from './device';
import { Field } from './Field';
import { brief } from './formats';
import { LoadProblem } from './LoadProblem';
import { passwordProblem } from './newPassword';
import { type Outcome, OutcomeLine, Panel } from './Panel';
import { SecondFactor } from './SecondFactor';

export function AccountPanel({ me }: { me: Person }) {
  const words = accountWords.value;
  const [sessions, setSessions] = useState<api.Session[] | null>(null);
  const [problem, setProblem] = useState<WireError | null>(null);
  const load = async () => {
    const { ok, error } = await api.sessions();
    if (ok !== null) setSessions(ok);
    setProblem(error);
  };
  useEffect(() => void load(), []);
  return (
    <Panel title={words.myAccount}>
      <dl class="about-me">
        <div>
          <dt>{words.name}</dt>
          <dd>
            <bdi>{nameOf(me, words)}</bdi>
          </dd>
        </div>
        <div>
          <dt>{words.role}</dt>
          <dd>{roleName(me.role)}</dd>
        </div>
      </dl>
      <PasswordForm changed={load} />
      <SecondFactor changed={load} />
      <section class="block" aria-label={words.sessions}>
        <h3>{words.sessions}</h3>
        {sessions === null && problem === null && <p class="skeleton">{words.loading}</p>}
        {problem !== null && <LoadProblem why={explain(problem)} again={load} />}
        {sessions !== null && <Sessions sessions={sessions} changed={setSessions} />}
      </section>
    </Panel>
  );
}

function PasswordForm({ changed }: { changed: () => void }) {
  const words = accountWords.value;
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const current = useRef<HTMLInputElement>(null);
  const next = useRef<HTMLInputElement>(null);
  const repeated = useRef<HTMLInputElement>(null);

  const fail = (text: string, field: HTMLInputElement | null) => {
    setOutcome({ good: false, text });
    field?.focus();
    field?.select();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    if (busy) return;
    setOutcome(null);
    const password = next.current?.value ?? '';
    const problem = passwordProblem(password, repeated.current?.value ?? '');
    if (problem === 'length') return fail(words.passwordLength, next.current);
    if (problem === 'mismatch') return fail(words.passwordMismatch, repeated.current);
    setBusy(true);
    const { error } = await api.changePassword(current.current?.value ?? '', password);
    setBusy(false);
    if (error !== null) return fail(explain(error), current.current);
    form.reset();
    setOutcome({ good: true, text: words.passwordChanged });
    changed();
  };

  return (
    <form class="block" aria-busy={busy} aria-label={words.changePassword} onSubmit={submit}>
      <h3>{words.changePassword}</h3>
      <Field
        label={words.currentPassword}
        input={current}
        type="password"
        autocomplete="current-password"
        required
      />
      <Field
        label={words.newPassword}
        hint={words.passwordLength}
        input={next}
        type="password"
        autocomplete="new-password"
        required
      />
      <Field
        label={words.repeatPassword}
        input={repeated}
        type="password"
        autocomplete="new-password"
        required
      />
      <OutcomeLine outcome={outcome} />
      <button type="submit" class="primary" aria-disabled={busy}>
        {words.changePassword}
      </button>
    </form>
  );
}

interface SessionsProps {
  sessions: readonly api.Session[];
  changed: (sessions: api.Session[]) => void;
}

function Sessions({ sessions, changed }: SessionsProps) {
  const words = accountWords.value;
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const others = sessions.filter(session => !session.current);

  const end = async (session: api.Session) => {
    const { error } = await api.endSession(session.id);
    // One that has ended by itself is gone, too.
    if (error !== null && error.code !== 'session_not_found') {
      setOutcome({ good: false, text: explain(error) });
      return;
    }
    changed(sessions.filter(one => one.id !== session.id));
    setOutcome({ good: true, text: words.sessionEnded });
    list.current?.focus();
  };
  const endOthers = async () => {
    const { error } = await api.endOtherSessions();
    if (error !== null) {
      setOutcome({ good: false, text: explain(error) });
      return;
    }
    changed(sessions.filter(one => one.current));
    setOutcome({ good: true, text: words.othersEnded });
    list.current?.focus();
  };

  return (
    <>
      <ul class="entries" ref={list} tabIndex={-1} aria-label={words.sessions}>
        {sessions.map(session => (
          <SessionRow key={session.id} session={session} end={() => end(session)} />
        ))}
      </ul>
      <OutcomeLine outcome={outcome} />
      {others.length > 0 ? (
        <button type="button" class="plain" onClick={endOthers}>
          {words.endOthers}
        </button>
      ) : (
        <p class="hint">{words.noOthers}</p>
      )}
    </>
  );
}

function SessionRow({ session, end }: { session: api.Session; end: () => void }) {
  const words = accountWords.value;
  const device = deviceName(session.userAgent);
  return (
    <li class="entry">
      <div class="entry-main">
        <p class="entry-title">
          {device === null ? (
            words.unknownDevice
          ) : (
            <bdi title={session.userAgent ?? undefined}>{device}</bdi>
          )}
          {session.current && <span class="mark">{words.thisSession}</span>}
        </p>
        <p class="hint">
          {session.address !== null && (
            <>
              <bdi>{session.address}</bdi>
              {' · '}
            </>
          )}
          {words.signedInAt} <Time at={session.createdAt} />
          {!session.current && (
            <>
              {' · '}
              {words.lastUsed} <Time at={session.seenAt} />
            </>
          )}
        </p>
      </div>
      {!session.current && (
        <button type="button" class="plain" onClick={end}>
          {words.endSession}
          <span class="hidden">
            {' '}
            <bdi>{device ?? words.unknownDevice}</bdi>
          </span>
        </button>
      )}
    </li>
  );
}

function Time({ at }: { at: number }) {
  if (Number.isNaN(at)) return null;
  return (
    <time dateTime={new Date(at).toISOString()} title={locale.value.full(at)}>
      {brief(at, Date.now(), locale.value)}
    </time>
  );
}
