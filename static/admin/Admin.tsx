// Who is at the page: somebody who may review, somebody who may not, or nobody yet (login). And which view they see.

import { useEffect, useState } from 'preact/hooks';
import { logout } from '../agent/api';
import { Login } from '../agent/Login';
import type { Person, WireError } from '../shared/core/wire';
import { LanguageSwitch } from '../shared/ui/LanguageSwitch';
import { query } from './address';
import { adminWords } from './adminWords';
import { AuditLog } from './audit/AuditLog';
import { Cleanup } from './cleanup/Cleanup';
import { History } from './History';
import { whoAmI } from './historyApi';
import { Link } from './Link';
import { Reports } from './reports/Reports';
import { permission, toView, VIEWS, type View, viewOf } from './views';

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
  const view = viewOf(query.value);
  const title = view === null ? words.noSuchPage : words.views[view];
  useEffect(() => {
    // Until then it is the title of where one signs in.
    if (me !== null) document.title = `${title} · Kefu`;
  }, [title, me]);

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
  const leave = async () => {
    await logout();
    setMe(null);
    setEnded(false);
    await load();
  };
  return (
    <main class="admin">
      <header class="admin-bar">
        <h1>{title}</h1>
        <nav class="admin-nav" aria-label={words.pages}>
          {VIEWS.filter(one => permission(one, me.role) === 'granted').map(one => (
            <Link key={one} to={toView(one)} isHere={one === view}>
              {words.views[one]}
            </Link>
          ))}
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
      <Allowed view={view} me={me} signedOut={signedOut} />
    </main>
  );
}

interface ViewProps {
  me: Person;
  signedOut: () => void;
}

/** The view, or why it is not to be seen. */
function Allowed({ view, ...props }: ViewProps & { view: View | null }) {
  const words = adminWords.value;
  const notice = (text: string) => (
    <p class="admin-notice" role="alert">
      {text}
    </p>
  );
  if (view === null) return notice(words.noSuchPageMore);
  switch (permission(view, props.me.role)) {
    case 'for admins':
      return notice(words.forAdmins);
    case 'for reviewers':
      return notice(words.mayNotReview);
    case 'granted':
      return <Shown view={view} {...props} />;
  }
}

function Shown({ view, me, signedOut }: ViewProps & { view: View }) {
  switch (view) {
    case 'history':
      return <History isAdmin={me.role === 'admin'} signedOut={signedOut} />;
    case 'reports':
      return <Reports signedOut={signedOut} />;
    case 'audit':
      return <AuditLog signedOut={signedOut} />;
    case 'cleanup':
      return <Cleanup signedOut={signedOut} />;
  }
}
