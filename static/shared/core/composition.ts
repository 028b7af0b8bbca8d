// Tells an Enter that sends from an Enter that confirms Chinese, Japanese or Korean input.

import type { Clock } from './env';

export interface KeyLike {
  readonly isComposing: boolean;
  readonly keyCode: number;
}

/** Safari ends the composition before the Enter that confirmed it. */
const JUST_ENDED_MS = 20;
/** What `keyCode` says while an input method has the key. */
const TAKEN_BY_INPUT_METHOD = 229;

export class Composition {
  #active = false;
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  started(): void {
    this.#active = true;
  }

  ended(): void {
    this.#active = false;
    this.#endedAt = this.clock.now();
  }

  /** Whether the key belongs to the input method, so that the page must not act on it. */
  owns(key: KeyLike): boolean {
    return (
      key.isComposing ||
      this.#active ||
      key.keyCode === TAKEN_BY_INPUT_METHOD ||
      this.clock.now() - this.#endedAt < JUST_ENDED_MS
    );
  }
}
