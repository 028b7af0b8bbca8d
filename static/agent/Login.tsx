// The login form.

import { useEffect, useRef, useState } from 'preact/hooks';
import { finePointer } from '../shared/browser';
import type { Locale } from '../shared/core/i18n';
import type { WireError } from '../shared/core/wire';
import { LanguageSwitch } from '../shared/ui/LanguageSwitch';
import { locale } from '../shared/ui/locale';
import { login } from './api';
import { consoleWords } from './consoleWords';

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

  useEffect(() => {
    document.title = `${words.signIn} · Kefu`;
  }, [words]);
  useEffect(() => {
    if (finePointer()) username.current?.focus();
  }, []);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    const answer = await login(username.current?.value ?? '', password.current?.value ?? '');
    setBusy(false);
    if (answer.error === null) {
      signedIn();
      return;
    }
    setError(answer.error);
    password.current?.focus();
    password.current?.select();
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
  return language.error(error.code);
}
