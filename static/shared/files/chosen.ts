// What has been chosen and not sent yet, for each composer.

import { type Signal, signal } from '@preact/signals';
import type { FileLimits } from '../core/wire';
import type { Attach } from '../ui/files';
import { type FileProblem, problemOf } from './check';
import { uploadsOf } from './uploads';

export interface Chosen {
  readonly key: number;
  readonly file: File;
  readonly problem: FileProblem | null;
  /** Of a picture. */
  readonly preview: string | null;
}

const byComposer = new Map<string, Signal<readonly Chosen[]>>();
let keys = 0;

export function chosenFor(key: string): Signal<readonly Chosen[]> {
  const known = byComposer.get(key) ?? signal<readonly Chosen[]>([]);
  byComposer.set(key, known);
  return known;
}

export function choose(attach: Attach, files: readonly File[], limits: FileLimits): void {
  const chosen = chosenFor(attach.key);
  const added = files.map(file => {
    keys += 1;
    const problem = problemOf(file, limits);
    const shown = problem === null && file.type.startsWith('image/');
    return { key: keys, file, problem, preview: shown ? URL.createObjectURL(file) : null };
  });
  chosen.value = [...chosen.value, ...added];
}

export function unchoose(attach: Attach, key: number): void {
  const chosen = chosenFor(attach.key);
  const gone = chosen.value.find(one => one.key === key);
  if (gone?.preview) URL.revokeObjectURL(gone.preview);
  chosen.value = chosen.value.filter(one => one.key !== key);
}

/** Those that can be sent go; the others have been looked at. */
export function sendChosen(attach: Attach): void {
  const chosen = chosenFor(attach.key);
  const good = chosen.value.filter(one => one.problem === null);
  for (const one of chosen.value) if (one.preview) URL.revokeObjectURL(one.preview);
  chosen.value = [];
  uploadsOf(attach.chat).send(
    attach,
    good.map(one => one.file),
  );
}
