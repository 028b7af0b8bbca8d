// Of several tabs with the console only one sounds: the one that holds a lock of the browser. Where
// there are no locks (a page over plain HTTP) each tab sounds.

let speaks = true;

export function isSpeaker(): boolean {
  return speaks;
}

/** Waits for the lock, and keeps it until the answer is called or the tab is closed. */
export function watchTabs(): () => void {
  if (navigator.locks === undefined) return () => {};
  speaks = false;
  const over = new AbortController();
  let release = () => {};
  navigator.locks
    .request('kefu.sound', { signal: over.signal }, () => {
      speaks = true;
      return new Promise<void>(done => {
        release = done;
      });
    })
    .catch(() => {
      // The desk was left before it was this tab's turn.
    });
  return () => {
    over.abort();
    release();
    speaks = true;
  };
}
