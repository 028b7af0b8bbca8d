// One's own second factor: set up, confirmed with a code, switched off with the password.

import { useEffect, useRef, useState } from 'preact/hooks';
import { insist } from '../shared/insist';
import { accountWords } from './accountWords';
import { Field } from './Field';
import { type Outcome, OutcomeLine } from './Panel';
import * as api from './totpApi';
import { explainTotp, totpWords } from './totpWords';

type Step =
  | { at: 'rest' }
  | { at: 'key'; begun: api.Begun }
  | { at: 'codes'; codes: readonly string[] };

export function SecondFactor({ changed }: { changed: () => void }) {
  const words = totpWords.value;
  const [status, setStatus] = useState<api.Status | null>(null);
  const [step, setStep] = useState<Step>({ at: 'rest' });
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const box = useRef<HTMLElement>(null);
  const load = async () => {
    const { ok, error } = await api.status();
    if (ok !== null) setStatus(ok);
    else setOutcome({ good: false, text: explainTotp(error) });
  };
  useEffect(() => void load(), []);
  const say = (good: boolean, text: string) => setOutcome({ good, text });
  const go = (next: Step) => {
    setOutcome(null);
    setStep(next);
    box.current?.focus();
  };

  return (
    <section ref={box} class="block" aria-label={words.secondFactor} tabIndex={-1}>
      <h3>{words.secondFactor}</h3>
      {step.at === 'rest' && status !== null && (
        <>
          <p>
            {status.enabled ? words.isOn : words.isOff}
            {status.enabled && ` ${words.codesLeft(status.recoveryCodes)}`}
          </p>
          <PasswordForm
            label={status.enabled ? words.switchOff : words.setUp}
            submit={async password => {
              const answer = status.enabled
                ? await api.switchOff(password)
                : await api.begin(password);
              if (answer.error !== null) return say(false, explainTotp(answer.error));
              if (answer.ok === true) {
                say(true, words.isSwitchedOff);
                await load();
              } else {
                go({ at: 'key', begun: answer.ok });
              }
            }}
          />
        </>
      )}
      {step.at === 'key' && (
        <Confirm
          begun={step.begun}
          failed={text => say(false, text)}
          confirmed={codes => go({ at: 'codes', codes })}
          cancel={() => go({ at: 'rest' })}
        />
      )}
      {step.at === 'codes' && (
        <>
          <p class="hint">{words.recoveryMore}</p>
          <ul class="recovery mono" aria-label={words.recoveryCodes}>
            {step.codes.map(code => (
              <li key={code}>{code}</li>
            ))}
          </ul>
          <button
            type="button"
            class="primary"
            onClick={() => {
              go({ at: 'rest' });
              say(true, words.isSwitchedOn);
              void load();
              changed();
            }}
          >
            {words.done}
          </button>
        </>
      )}
      <OutcomeLine outcome={outcome} />
    </section>
  );
}

interface PasswordFormProps {
  label: string;
  submit: (password: string) => Promise<void>;
}

function PasswordForm({ label, submit }: PasswordFormProps) {
  const words = totpWords.value;
  const [busy, setBusy] = useState(false);
  const password = useRef<HTMLInputElement>(null);
  return (
    <form
      class="block"
      aria-busy={busy}
      aria-label={label}
      onSubmit={async event => {
        event.preventDefault();
        if (busy) return;
        const form = event.currentTarget;
        setBusy(true);
        await submit(password.current?.value ?? '');
        setBusy(false);
        form.reset();
      }}
    >
      <Field
        label={words.yourPassword}
        input={password}
        type="password"
        autocomplete="current-password"
        required
      />
      <button type="submit" class="plain" aria-disabled={busy}>
        {label}
      </button>
    </form>
  );
}

interface ConfirmProps {
  begun: api.Begun;
  failed: (text: string) => void;
  confirmed: (codes: readonly string[]) => void;
  cancel: () => void;
}

function Confirm({ begun, failed, confirmed, cancel }: ConfirmProps) {
  const words = totpWords.value;
  const [busy, setBusy] = useState(false);
  const code = useRef<HTMLInputElement>(null);
  const [picture, setPicture] = useState<typeof import('./QrCode') | null>(null);
  useEffect(() => void insist(() => import('./QrCode')).then(setPicture), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const { ok, error } = await api.confirm(code.current?.value ?? '');
    setBusy(false);
    if (error === null) return confirmed(ok);
    failed(explainTotp(error));
    code.current?.focus();
    code.current?.select();
  };
  return (
    <form class="block" aria-busy={busy} aria-label={words.secondFactor} onSubmit={submit}>
      <p>{words.addToApp}</p>
      <div class="qr-place">
        {picture !== null && <picture.QrCode text={begun.uri} label={words.qrCode} />}
      </div>
      <p class="totp-key">
        <span class="hint">{words.key}</span>{' '}
        <code class="mono">{begun.secret.replace(/(.{4})(?=.)/g, '$1 ')}</code>
      </p>
      <a href={begun.uri}>{words.openApp}</a>
      <Field
        label={words.code}
        hint={words.sixDigits}
        input={code}
        autocomplete="one-time-code"
        required
      />
      <div class="choices">
        <button type="submit" class="primary" aria-disabled={busy}>
          {words.confirm}
        </button>
        <button type="button" class="quiet" onClick={cancel}>
          {accountWords.value.cancel}
        </button>
      </div>
    </form>
  );
}
