// What is chosen, above the text: a picture or a sheet, its name and size, what is wrong with it, and a way
// out.

import type { FileLimits } from '../core/wire';
import type { Attach } from '../ui/files';
import { locale } from '../ui/locale';
import { endingOf, sizeOf } from './check';
import { type Chosen, chosenFor, unchoose } from './chosen';
import { CloseIcon, SheetIcon } from './icons';
import { fileWords } from './words';

interface TrayProps {
  attach: Attach;
  limits: FileLimits;
  /** The field that the focus goes back to. */
  removed: () => void;
}

export function Tray({ attach, limits, removed }: TrayProps) {
  const chosen = chosenFor(attach.key).value;
  const words = fileWords.value;
  if (chosen.length === 0) return null;
  const remove = (one: Chosen) => {
    unchoose(attach, one.key);
    removed();
  };
  return (
    <ul class="tray" aria-label={words.chosen}>
      {chosen.map(one => (
        <li key={one.key} class={one.problem === null ? 'chosen' : 'chosen wrong'}>
          {one.preview === null ? (
            <span class="sheet">
              <SheetIcon />
              <span aria-hidden="true">{endingOf(one.file.name).slice(0, 4)}</span>
            </span>
          ) : (
            <img class="thumb" src={one.preview} alt="" />
          )}
          <span class="about">
            <bdi class="file-name">{one.file.name}</bdi>
            {one.problem === null ? (
              <span class="file-size">{sizeOf(one.file.size, locale.value.tag)}</span>
            ) : (
              <span class="file-problem" role="alert">
                {words.problems[one.problem]}
                {one.problem === 'file_too_large' &&
                  ` ${words.largest(sizeOf(limits.bytes, locale.value.tag))}`}
              </span>
            )}
          </span>
          <button
            type="button"
            class="quiet remove"
            aria-label={words.removeFile(one.file.name)}
            title={words.removeFile(one.file.name)}
            onClick={() => remove(one)}
          >
            <CloseIcon />
          </button>
        </li>
      ))}
    </ul>
  );
}
