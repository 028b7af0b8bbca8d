// What the browser keeps for a page, in the shape that the core asks for (core/env.ts).

import { memoryStore, type Store } from './core/env';

/** The store, or memory where the browser refuses: blocked, full, or in a foreign frame. */
function safeStore(pick: () => Storage): Store {
  const memory = memoryStore();
  let storage: Storage | null = null;
  try {
    storage = pick();
  } catch {
    // Even to name it throws where cookies are blocked.
  }
  return {
    get: key => {
      const remembered = memory.get(key);
      if (remembered !== null) return remembered;
      try {
        return storage?.getItem(key) ?? null;
      } catch {
        return null;
      }
    },
    set: (key, value) => {
      try {
        if (storage === null) throw new Error('no storage');
        storage.setItem(key, value);
        memory.remove(key);
      } catch {
        memory.set(key, value);
      }
    },
    remove: key => {
      memory.remove(key);
      try {
        storage?.removeItem(key);
      } catch {
        // Nothing was kept there then.
      }
    },
  };
}

export const localStore = safeStore(() => window.localStorage);
export const tabStore = safeStore(() => window.sessionStorage);
