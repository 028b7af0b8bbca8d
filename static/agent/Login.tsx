// The login form.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { finePointer } from '../shared/browser';
import type { Locale } from '../shared/core/i18n';
import type { WireError } from '../shared/core/wire';
import { LanguageSwitch } from '../shared/ui/LanguageSwitch';
import { locale } from '../shared/ui/locale';
import { login } from './api';
import { consoleWords } from './consoleWords';
import { totpWords } from './totpWords';

interface LoginProps {
  wasSignedOut: boolean;
  signedIn: () => void;
}

export function Login({ wasSignedOut, signedIn }: LoginProps) {
  const words = consoleWords.value;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<WireError | null>(null);
  const username = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const code = useRef<HTMLInputElement>(null);
  // The password is right, and the account has a second factor.
  const [asked, setAsked] = useState(false);

  useEffect(() => {
    document.title = `${words.signIn} · Kefu`;
  }, [words]);
  useLayoutEffect(() => {
    if (finePointer()) username.current?.focus();
  }, []);

  useLayoutEffect(() => {
    if (asked) code.current?.focus();
  }, [asked]);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    const answer = await login(
      username.current?.value ?? '',
      password.current?.value ?? '',
      asked ? (code.current?.value ?? '') : null,
    );
    setBusy(false);
    if (answer.error === null) {
      signedIn();
      return;
    }
    if (answer.error.code === 'code_required') {
      setAsked(true);
      return;
    }
    setError(answer.error);
    if (answer.error.code === 'bad_credentials') setAsked(false);
    const field = answer.error.code === 'code_wrong' ? code.current : password.current;
    field?.focus();
    field?.select();
  };

  return (
    <main class="login">
      <header>
        <LanguageSwitch />
      </header>
      <form onSubmit={submit} aria-busy={busy}>
        <h1>{words.title}</h1>
        <p class="hint">{wasSignedOut ? words.signedOut : words.signInHint}</p>
        <label>
          <span>{words.username}</span>
          <input
            ref={username}
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
          />
        </label>
        <label>
          <span>{words.password}</span>
          <input
            ref={password}
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
        </label>
        {asked && (
          <label>
            <span>{totpWords.value.code}</span>
            <input
              ref={code}
              name="code"
              autocomplete="one-time-code"
              autocapitalize="none"
              spellcheck={false}
              required
            />
            <span class="hint">{totpWords.value.codeHint}</span>
          </label>
        )}
        <p class="hint" role="status">
          {asked && error === null ? totpWords.value.askForCode : ''}
        </p>
        <p class="login-error" role="alert">
          {error === null ? '' : explain(error, locale.value)}
        </p>
        <button type="submit" class="primary" aria-disabled={busy}>
          {busy ? words.signingIn : words.signIn}
        </button>
      </form>
    </main>
  );
}

function explain(error: WireError, language: Locale): string {
  if (error.code === 'rate_limited' && error.retry_after_ms !== null) {
    return consoleWords.value.tooManyTries(Math.ceil(error.retry_after_ms / 1000));
  }
  if (error.code === 'code_wrong') return totpWords.value.problems.code_wrong;
  return language.error(error.code);
}
