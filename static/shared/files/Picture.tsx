// A picture as large as the page, above everything: the browser's own modal dialog.

import { render } from 'preact';
import type { FileInfo } from '../core/wire';
import { locale } from '../ui/locale';
import { useModal } from '../ui/useModal';
import { sizeOf } from './check';
import { CloseIcon, DownloadIcon } from './icons';
import { fileWords } from './words';

/** Outside of the list, which leaves out what is not in view. */
export function enlarge(file: FileInfo, url: string): void {
  const place = document.createElement('div');
  document.body.append(place);
  const closed = () => {
    render(null, place);
    place.remove();
  };
  render(<Large file={file} url={url} closed={closed} />, place);
}

/** Saves what the page has fetched. */
export function save(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}

function Large({ file, url, closed }: { file: FileInfo; url: string; closed: () => void }) {
  const words = fileWords.value;
  const modal = useModal(closed);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does it, and the button
    <dialog
      {...modal}
      class="large-picture"
      aria-label={words.picture(file.name)}
      onClick={event => {
        // Beside the picture; Escape and the button do the same.
        if (event.target === event.currentTarget) closed();
      }}
    >
      <div class="large-bar">
        <p class="large-title">
          <bdi class="file-name">{file.name}</bdi>
          <span class="file-size">{sizeOf(file.size, locale.value.tag)}</span>
        </p>
        <a
          class="download"
          href={url}
          download={file.name}
          aria-label={words.downloadFile(file.name)}
          title={words.download}
        >
          <DownloadIcon />
        </a>
        <button
          type="button"
          class="download"
          aria-label={words.close}
          title={words.close}
          onClick={closed}
        >
          <CloseIcon />
        </button>
      </div>
      <img
        src={url}
        alt={file.name}
        width={file.width ?? undefined}
        height={file.height ?? undefined}
      />
    </dialog>
  );
}
