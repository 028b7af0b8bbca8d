// Notifications of the desktop: whether the browser lets us, and showing one.

import { signal } from '@preact/signals';

/** `missing`: this browser has none, or not for a page that came over plain HTTP. */
export type DesktopState = 'granted' | 'askable' | 'blocked' | 'missing';

export const desktopState = signal<DesktopState>(current());

function current(): DesktopState {
  if (typeof Notification === 'undefined' || !window.isSecureContext) return 'missing';
  switch (Notification.permission) {
    case 'granted':
      return 'granted';
    case 'denied':
      return 'blocked';
    default:
      return 'askable';
  }
}

/** The permission can be changed in the browser's own settings while the page is open. */
export function watchDesktop(): () => void {
  const look = () => {
    desktopState.value = current();
  };
  look();
  window.addEventListener('focus', look);
  return () => window.removeEventListener('focus', look);
}

/** Asks whoever sits there; browsers want a click to be the cause. */
export async function ask(): Promise<DesktopState> {
  if (desktopState.value === 'askable') await Notification.requestPermission();
  desktopState.value = current();
  return desktopState.value;
}

interface Notice {
  title: string;
  text: string;
  /** A later notice with the same tag takes the place of this one, also one of another tab. */
  tag: string;
  chosen: () => void;
}

/** Shows a notice; `false` where that is not possible. */
export function show({ title, text, tag, chosen }: Notice): boolean {
  if (current() !== 'granted') return false;
  try {
    const options: NotificationOptions & { renotify: boolean } = {
      body: text,
      tag,
      renotify: true,
      // We have a sound of our own, which can be switched off here.
      silent: true,
      icon: '/favicon.svg',
    };
    const notice = new Notification(title, options);
    notice.onclick = () => {
      window.focus();
      notice.close();
      chosen();
    };
    return true;
  } catch {
    // Chrome on Android has them for service workers only.
    desktopState.value = 'missing';
    return false;
  }
}
