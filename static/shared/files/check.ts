// What the page can say of a file before it is sent; the server looks into it and decides.

import type { FileLimits } from '../core/wire';

export type FileProblem = 'file_empty' | 'file_too_large' | 'file_type_refused';

export function problemOf(
  file: { name: string; size: number; type: string },
  limits: FileLimits,
): FileProblem | null {
  if (file.size === 0) return 'file_empty';
  if (file.size > limits.bytes) return 'file_too_large';
  // By its ending, for what the browser says of a type it has from there, too, and knows less of it.
  const ending = endingOf(file.name);
  const fits = limits.extensions.includes(ending) || limits.types.includes(file.type);
  return fits ? null : 'file_type_refused';
}

/** "png" of "Cat.PNG"; empty where there is none. */
export function endingOf(name: string): string {
  const at = name.lastIndexOf('.');
  return at > 0 ? name.slice(at + 1).toLowerCase() : '';
}

/** "47 kB", "1.2 MB", as file managers count. */
export function sizeOf(bytes: number, language: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let step = 0;
  let n = bytes;
  while (n >= 1024 && step < units.length - 1) {
    n /= 1024;
    step += 1;
  }
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: units[step] ?? 'byte',
    // Short for it is "26 byte" in English.
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: n < 10 && step > 0 ? 1 : 0,
  }).format(n);
}

const SHOWN = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** Whether a browser may show it where it stands. */
export const isPicture = (type: string) => SHOWN.includes(type);

const WIDEST = 280;
const HIGHEST = 240;

/** How large a picture is shown in the list; known before it is here, so that nothing jumps. */
export function shownSize(
  width: number | null,
  height: number | null,
): { width: number; height: number } {
  if (width === null || height === null) return { width: 200, height: 150 };
  const scale = Math.min(1, WIDEST / width, HIGHEST / height);
  // A line is not to become invisible, nor too small to be clicked.
  const side = (n: number) => Math.max(44, Math.round(n * scale));
  return { width: side(width), height: side(height) };
}
