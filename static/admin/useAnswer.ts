// What the server answers to what is asked now. What was there stays until there is something else.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from '../agent/api';
import type { WireError } from '../shared/core/wire';

export interface Asked<T> {
  readonly found: T | null;
  readonly busy: boolean;
  readonly problem: WireError | null;
  /** Asks once more, from the beginning or on from what was found. */
  readonly load: (from?: T) => Promise<void>;
}

/** Asks again whenever `key` is another. `isWanted` is false once something else was asked. */
export function useAnswer<T>(
  ask: (from: T | null, isWanted: () => boolean) => Promise<Answer<T>>,
  key: string,
  signedOut: () => void,
): Asked<T> {
  const [found, setFound] = useState<T | null>(null);
  const [busy, setBusy] = useState(true);
  const [problem, setProblem] = useState<WireError | null>(null);
  const asked = useRef(0);
  const load = async (from: T | null = null) => {
    asked.current += 1;
    const mine = asked.current;
    const isWanted = () => mine === asked.current;
    setBusy(true);
    setProblem(null);
    const { ok, error } = await ask(from, isWanted);
    if (!isWanted()) return;
    setBusy(false);
    if (error === null) setFound(ok);
    else if (error.code === 'not_signed_in') signedOut();
    else setProblem(error);
  };
  useEffect(() => {
    void load();
    return () => {
      asked.current += 1;
    };
  }, [key]);
  return { found, busy, problem, load };
}
