// A core object that changes in place, as a signal: a component that reads `value` renders again
// when the object says that it has changed. A burst of frames makes one rendering every 16 ms,
// not one each; by timer rather than animation frame, because a hidden tab has to keep its title
// up to date.

import { signal } from '@preact/signals';

const FRAME_MS = 16;

export class Live<T> {
  readonly #count = signal(0);
  readonly #value: T;
  #pending = false;
  #last = 0;

  constructor(make: (changed: () => void) => T) {
    this.#value = make(() => this.#changed());
  }

  get value(): T {
    this.#count.value;
    return this.#value;
  }

  #changed(): void {
    if (this.#pending) return;
    this.#pending = true;
    const render = () => {
      this.#pending = false;
      this.#last = performance.now();
      this.#count.value += 1;
    };
    const wait = this.#last + FRAME_MS - performance.now();
    if (wait > 0) setTimeout(render, wait);
    else queueMicrotask(render);
  }
}
