// What a client heard, in order, and a way to wait for it.

const PATIENCE_MS = 15_000;

export class Heard {
  #waiting = new Set();
  /** `[event, ...arguments]` each. */
  all = [];

  add(event, ...args) {
    this.all.push([event, ...args]);
    for (const look of [...this.#waiting]) look();
  }

  /** The first arguments of the events of this name. */
  of(event) {
    return this.all.filter(([name]) => name === event).map(([, first]) => first);
  }

  /** Resolves as soon as `ready()` is true, which is looked at whenever something is heard. */
  until(ready, what) {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!ready()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const last = this.all.slice(-10).map(one => JSON.stringify(one).slice(0, 200));
        reject(new Error(`${what}: not within ${PATIENCE_MS} ms; heard last:\n${last.join('\n')}`));
      }, PATIENCE_MS);
      this.#waiting.add(look);
      look();
    });
  }
}

/** `promise`, or an error that says what did not come. */
export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
