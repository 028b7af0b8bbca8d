// Whether a conversation is kept whatever the rules say, and why. Admins put it under a hold and lift it.

import { useId, useRef, useState } from 'preact/hooks';
import { adminWords } from './adminWords';
import { Confirm } from './Confirm';
import * as api from './cleanup/cleanupApi';
import { Moment } from './Moment';
import { useAnswer } from './useAnswer';

interface HoldProps {
  conversation: string;
  isAdmin: boolean;
  signedOut: () => void;
}

export function Hold({ conversation, isAdmin, signedOut }: HoldProps) {
  const words = adminWords.value.cleanup;
  const { found, load } = useAnswer(() => api.holdOn(conversation), conversation, signedOut);
  const [isAsked, setAsked] = useState(false);
  const shut = () => setAsked(false);
  const changed = () => {
    shut();
    void load();
  };
  if (found === null) return null;
  const { hold } = found;
  return (
    <div class={hold === null ? 'admin-hold' : 'admin-hold is-held'}>
      <p role="status">
        {hold !== null && (
          <>
            <strong>{words.isHeld}</strong> <HoldFacts hold={hold} />
          </>
        )}
      </p>
      {isAdmin && (
        <button type="button" class="plain" onClick={() => setAsked(true)}>
          {hold === null ? words.holdIt : words.lift}
        </button>
      )}
      {isAsked &&
        (hold === null ? (
          <PutUnder conversation={conversation} done={changed} closed={shut} />
        ) : (
          <Lift conversation={conversation} done={changed} closed={shut} />
        ))}
    </div>
  );
}

/** Since when, by whom and why. */
export function HoldFacts({ hold }: { hold: api.Hold }) {
  const words = adminWords.value.cleanup;
  return (
    <>
      <Moment at={hold.at} /> · <bdi>{words.heldBy(hold.by)}</bdi> · <bdi>{hold.reason}</bdi>
    </>
  );
}

interface AskProps {
  conversation: string;
  done: () => void;
  closed: () => void;
}

function PutUnder({ conversation, done, closed }: AskProps) {
  const words = adminWords.value.cleanup;
  const reason = useRef<HTMLInputElement>(null);
  const id = useId();
  const typed = () => reason.current?.value.trim() ?? '';
  return (
    <Confirm
      title={words.holdTitle(conversation)}
      yes={words.hold}
      missing={() => {
        if (typed() !== '') return null;
        reason.current?.focus();
        return words.reasonMissing;
      }}
      act={() => api.hold(conversation, typed())}
      done={done}
      closed={closed}
    >
      <p>{words.holdAsk}</p>
      <div class="field">
        <label for={id}>{words.reason}</label>
        <input id={id} ref={reason} type="text" dir="auto" maxLength={250} autocomplete="off" />
      </div>
    </Confirm>
  );
}

export function Lift({ conversation, done, closed }: AskProps) {
  const words = adminWords.value.cleanup;
  return (
    <Confirm
      title={words.liftTitle(conversation)}
      yes={words.lift}
      act={() => api.lift(conversation)}
      done={done}
      closed={closed}
    >
      <p>{words.liftAsk}</p>
    </Confirm>
  );
}
