// Two short notes, made here rather than loaded. A browser lets a page sound only after somebody has
// clicked or typed in it; until then `soundState` says so, and the first click or key wakes it.
// A browser that loses its sound device gives an `AudioContext` up for good, so another takes its place.

import { signal } from '@preact/signals';

export type SoundState = 'ready' | 'blocked' | 'missing';

let context: AudioContext | null = null;

export const soundState = signal<SoundState>('blocked');

/** How long after the sound device was lost it is asked for again. */
const LOST_MS = 2_000;

const GESTURES = ['pointerdown', 'click', 'keydown'] as const;

/** Asks the browser for sound as soon as somebody does something; the answer ends that. */
export function watchSound(): () => void {
  if (typeof AudioContext === 'undefined') {
    soundState.value = 'missing';
    return () => {};
  }
  const wake = () => {
    // Asked any sooner, Chromium complains.
    if (navigator.userActivation?.hasBeenActive === false) return;
    if (context === null) {
      context = new AudioContext();
      context.onstatechange = tell;
      context.addEventListener('error', lost);
    }
    if (context.state !== 'running') void context.resume().catch(() => {});
    tell();
  };
  let again: ReturnType<typeof setTimeout> | undefined;
  const lost = () => {
    context = null;
    tell();
    again = setTimeout(wake, LOST_MS);
  };
  wake();
  for (const gesture of GESTURES) window.addEventListener(gesture, wake);
  return () => {
    clearTimeout(again);
    for (const gesture of GESTURES) window.removeEventListener(gesture, wake);
  };
}

function tell(): void {
  soundState.value = context?.state === 'running' ? 'ready' : 'blocked';
}

/** Sounds once; `false` where the browser does not let it. */
export function play(): boolean {
  if (context?.state !== 'running') return false;
  note(context, 880, 0);
  note(context, 1175, 0.14);
  return true;
}

function note(audio: AudioContext, hertz: number, after: number): void {
  const start = audio.currentTime + after;
  const end = start + 0.3;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(0.25, start + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0001, end);
  tone.connect(volume).connect(audio.destination);
  tone.start(start);
  tone.stop(end);
}
