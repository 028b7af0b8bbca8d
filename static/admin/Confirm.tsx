// A question before something that cannot be undone, or that others go by. What the server refuses is said in it.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../agent/api';
import { Dialog } from '../agent/Dialog';
import type { WireError } from '../shared/core/wire';
import { adminWords } from './adminWords';

interface ConfirmProps<T> {
  title: string;
  /** What the button says that does it. */
  yes: string;
  /** Nothing of it comes back. */
  isGrave?: boolean;
  /** What is missing before it can be done, in words; null where nothing is. */
  missing?: () => string | null;
  act: () => Promise<Answer<T>>;
  done: (result: T) => void;
  closed: () => void;
  children: ComponentChildren;
}

export function Confirm<T>(props: ConfirmProps<T>) {
  const { title, yes, isGrave = false, missing, act, done, closed, children } = props;
  const words = adminWords.value;
  const [busy, setBusy] = useState(false);
  const [lack, setLack] = useState<string | null>(null);
  const [refused, setRefused] = useState<WireError | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const lacking = missing?.() ?? null;
    setLack(lacking);
    setRefused(null);
    if (lacking !== null) return;
    setBusy(true);
    const { ok, error } = await act();
    setBusy(false);
    if (error === null) done(ok);
    else setRefused(error);
  };
  return (
    <Dialog title={title} closed={closed}>
      <form class="admin-ask" aria-busy={busy} noValidate onSubmit={submit}>
        {children}
        <p class="outcome bad" role="alert">
          {lack}
          {refused !== null && (
            <>
              {explain(refused)} <bdi lang="en">{refused.message}</bdi>
            </>
          )}
        </p>
        <div class="choices">
          <button type="button" class="quiet" onClick={closed}>
            {words.cleanup.cancel}
          </button>
          <button type="submit" class={isGrave ? 'primary grave' : 'primary'} aria-disabled={busy}>
            {yes}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What was refused here means something more exact than elsewhere. */
export function explain(error: WireError): string {
  const words = adminWords.value;
  return words.cleanup.problems[error.code] ?? words.error(error.code);
}
