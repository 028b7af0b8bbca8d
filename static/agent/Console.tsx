// Who is at the console: an agent with a desk of their own, or nobody yet (login). Whether the
// login cookie is still good is what the first connection tells, so nothing else asks for it.

import { useRef, useState } from 'preact/hooks';
import { logout } from './api';
import { Desk } from './Desk';
import { Login } from './Login';

interface Visit {
  /** Each signing in is another visit, with a desk made anew. */
  readonly number: number;
  readonly at: 'desk' | 'login';
  /** Whether the server ended a session that the agent had not wanted to end. */
  readonly wasSignedOut: boolean;
}

export function Console() {
  const [visit, setVisit] = useState<Visit>({ number: 1, at: 'desk', wasSignedOut: false });
  // A session that the agent ends is also ended by the server, sooner or later than it answers.
  const leaving = useRef(false);
  const leave = (wasSignedOut: boolean) => {
    setVisit(now => (now.at === 'login' ? now : { ...now, at: 'login', wasSignedOut }));
  };
  if (visit.at === 'login') {
    return (
      <Login
        wasSignedOut={visit.wasSignedOut}
        signedIn={() => setVisit({ number: visit.number + 1, at: 'desk', wasSignedOut: false })}
      />
    );
  }
  return (
    <Desk
      key={visit.number}
      ended={wasSignedIn => leave(wasSignedIn && !leaving.current)}
      signOut={async () => {
        leaving.current = true;
        const { error } = await logout();
        leaving.current = false;
        if (error === null || error.code === 'not_signed_in') leave(false);
        return error;
      }}
    />
  );
}
