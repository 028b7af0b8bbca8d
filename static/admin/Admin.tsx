// Who is at the page: somebody who may review, somebody who may not, or nobody yet (login).

import { useEffect, useState } from 'preact/hooks';
import { logout } from '../agent/api';
import { Login } from '../agent/Login';
import type { Person, WireError } from '../shared/core/wire';
import { LanguageSwitch } from '../shared/ui/LanguageSwitch';
import { adminWords } from './adminWords';
import { History } from './History';
import { whoAmI } from './historyApi';

export function Admin() {
  const words = adminWords.value;
  const [me, setMe] = useState<Person | null>(null);
  const [problem, setProblem] = useState<WireError | null>(null);
  // A session that ended while somebody looked at the page.
  const [ended, setEnded] = useState(false);
  const load = async () => {
    const { ok, error } = await whoAmI();
    setMe(ok);
    setProblem(error);
  };
  useEffect(() => void load(), []);
  useEffect(() => {
    document.title = `${words.history} · Kefu`;
  }, [words]);

  const signedOut = () => {
    setMe(null);
    setEnded(true);
    setProblem(null);
  };
  if (me === null) {
    if (problem !== null && problem.code !== 'not_signed_in') {
      return (
        <main class="admin-notice">
          <p role="alert">{words.error(problem.code)}</p>
          <button type="button" class="primary" onClick={() => void load()}>
            {words.tryAgain}
          </button>
        </main>
      );
    }
    if (problem === null && !ended) return <main class="admin-notice" aria-busy="true" />;
    return <Login wasSignedOut={ended} signedIn={() => void load()} />;
  }
  const mayReview = me.role === 'admin' || me.role === 'supervisor';
  const leave = async () => {
    await logout();
    setMe(null);
    setEnded(false);
    await load();
  };
  return (
    <main class="admin">
      <header class="admin-bar">
        <h1>{words.history}</h1>
        <nav aria-label={words.pages}>
          <a href="/agent">{words.console}</a>
        </nav>
        <span class="admin-me">
          <bdi>{me.name}</bdi>
        </span>
        <LanguageSwitch />
        <button type="button" class="quiet" onClick={() => void leave()}>
          {words.signOut}
        </button>
      </header>
      {mayReview ? (
        <History signedOut={signedOut} />
      ) : (
        <p class="admin-notice" role="alert">
          {words.mayNotReview}
        </p>
      )}
    </main>
  );
}
