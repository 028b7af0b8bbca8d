// The browser's own modal dialog: keeps the focus inside, closes by Escape and gives the focus back. Open
// for as long as it is in the page; whoever shows it takes it away when it asks to be closed.

import { useLayoutEffect, useRef } from 'preact/hooks';

export function useModal(closed: () => void) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // The focus goes back only from a dialog that is closed, not from one that is taken away.
    return () => element?.close();
  }, []);
  return {
    ref: dialog,
    // At once: "close" comes a moment later, when the next key may have asked for the dialog anew.
    onCancel: (event: Event) => {
      // Bubbles from a file field inside, whose own dialog was cancelled.
      if (event.target !== dialog.current) return;
      event.preventDefault();
      closed();
    },
    // The browser may close it without asking; and taken away it says so too.
    onClose: () => {
      if (dialog.current !== null) closed();
    },
  };
}
