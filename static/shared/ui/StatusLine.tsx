// One line that says in words how the connection is; empty while all is well.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Chat } from '../core/chat';
import type { Phase } from '../core/connection';
import type { Words } from '../core/i18n';
import type { WireError } from '../core/wire';
import { Countdown } from './Countdown';
import type { Live } from './live';
import { locale } from './locale';

const AGAIN_SHOWN_MS = 3_000;

export function StatusLine({ live }: { live: Live<Chat> }) {
  const { connection } = live.value;
  const { words } = locale.value;
  const { phase: now, everOnline } = connection;
  // A try to connect again is part of having lost the connection: the line would flicker with
  // each, a reader hear it change, and the focus fall off the button.
  const failed = useRef(false);
  if (now === 'reconnecting' || now === 'offline') failed.current = true;
  if (now === 'online') failed.current = false;
  const phase = now === 'connecting' && failed.current ? 'reconnecting' : now;
  const again = useConnectedAgain(phase, everOnline);
  const { refusal, retryAt } = connection;
  const text = again ? words.connectedAgain : (refused(refusal, phase) ?? sentence(phase, words));
  const canTry = phase === 'reconnecting' || phase === 'offline';
  return (
    // Never hidden: a reader announces only what changes in a region that is already there.
    <div class={`status-line status-${again ? 'again' : phase}`}>
      <span role="status">{text}</span>
      {retryAt !== null && phase !== 'online' && <Countdown until={retryAt} />}
      {canTry && (
        <button type="button" class="link" onClick={() => connection.wake()}>
          {words.tryNow}
        </button>
      )}
      {phase === 'closed' && refusal?.code !== 'blocked' && (
        <button type="button" class="link" onClick={() => location.reload()}>
          {words.reload}
        </button>
      )}
    </div>
  );
}

/** What the server gave as its reason for there being no connection. */
function refused(refusal: WireError | null, phase: Phase): string | null {
  const { words } = locale.value;
  if (refusal?.code === 'blocked' && phase === 'closed') {
    const until = refusal.until === null ? Number.NaN : Date.parse(refusal.until);
    return Number.isNaN(until) ? words.blocked : words.blockedUntil(locale.value.moment(until));
  }
  if (refusal?.code === 'too_many_connections' && phase !== 'offline') {
    return locale.value.error(refusal.code);
  }
  return null;
}

function sentence(phase: Phase, words: Words): string {
  switch (phase) {
    case 'idle':
    case 'online':
      return '';
    case 'connecting':
      return words.connecting;
    case 'reconnecting':
      return words.reconnecting;
    case 'offline':
      return words.offline;
    case 'closed':
      return words.closed;
  }
}

/** True for a moment after the connection came back. */
function useConnectedAgain(phase: Phase, everOnline: boolean): boolean {
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (phase === 'reconnecting' || phase === 'offline') setLost(everOnline);
    if (phase !== 'online' || !lost) return;
    const timer = setTimeout(() => setLost(false), AGAIN_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [phase, everOnline, lost]);
  return phase === 'online' && lost;
}
