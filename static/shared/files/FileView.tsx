// A file in the list: a picture in its place, anything else as a row with its name, or how much of it is up.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Chat } from '../core/chat';
import type { MessageRow } from '../core/rows';
import type { FileInfo } from '../core/wire';
import { locale } from '../ui/locale';
import { addressOf, forget } from './blobs';
import { endingOf, isPicture, shownSize, sizeOf } from './check';
import { DownloadIcon, SheetIcon } from './icons';
import { enlarge, save } from './Picture';
import { uploadsOf } from './uploads';
import { fileWords } from './words';

interface FileViewProps {
  row: MessageRow;
  chat: Chat;
}

export function FileView({ row, chat }: FileViewProps) {
  const { file, state, clientId } = row;
  const [unreadable, setUnreadable] = useState(false);
  const preview = unreadable ? null : uploadsOf(chat).preview(clientId);
  if (file === null) return null;
  const stored = isStored(file) ? file : null;
  return (
    <div class="file">
      {stored !== null && isPicture(stored.type) ? (
        <Picture file={stored} chat={chat} />
      ) : preview !== null ? (
        <Preview url={preview} name={file.name} unreadable={() => setUnreadable(true)} />
      ) : (
        <Sheet file={file} stored={stored} chat={chat} />
      )}
      {state === 'uploading' && clientId !== null && (
        <Progress clientId={clientId} name={file.name} chat={chat} />
      )}
    </div>
  );
}

const isStored = (file: FileInfo | { id: string | null }): file is FileInfo =>
  file.id !== null && 'width' in file;

function Progress({ clientId, name, chat }: { clientId: string; name: string; chat: Chat }) {
  const words = fileWords.value;
  const uploads = uploadsOf(chat);
  const done = uploads.progress(clientId)?.value ?? 0;
  return (
    <div class="upload">
      <progress aria-label={words.uploading(name)} value={done} max={1} />
      <button type="button" class="link" onClick={() => uploads.remove(clientId)}>
        {words.cancel}
      </button>
    </div>
  );
}

interface PreviewProps {
  url: string;
  name: string;
  unreadable: () => void;
}

/** As it is on this machine, while it goes up. Its size is known once the browser has read it. */
function Preview({ url, name, unreadable }: PreviewProps) {
  const [size, setSize] = useState(() => shownSize(null, null));
  return (
    <span class="picture" style={boxOf(size)}>
      <img
        src={url}
        alt={name}
        onError={unreadable}
        onLoad={event => {
          const { naturalWidth, naturalHeight } = event.currentTarget;
          setSize(shownSize(naturalWidth, naturalHeight));
        }}
      />
    </span>
  );
}

const boxOf = ({ width, height }: { width: number; height: number }) => ({
  inlineSize: `${width}px`,
  aspectRatio: `${width} / ${height}`,
});

/** Fetched only when it comes near what is seen. */
function Picture({ file, chat }: { file: FileInfo; chat: Chat }) {
  const words = fileWords.value;
  const box = useRef<HTMLButtonElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new IntersectionObserver(
      entries => {
        if (entries.some(entry => entry.isIntersecting)) setNear(true);
      },
      // What is near in the list counts by the second: the list cuts off what is beyond its edges.
      { rootMargin: '400px', scrollMargin: '400px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const [tries, setTries] = useState(0);
  const address = near ? addressOf(file, chat.token).value : { url: null, failed: false };
  const [broken, setBroken] = useState(false);
  if (address.failed || broken) {
    return (
      <div class="sheet-row">
        <span class="about">
          <bdi class="file-name">{file.name}</bdi>
          <span class="file-problem">{words.gone}</span>
        </span>
        <button
          type="button"
          class="link"
          onClick={() => {
            forget(file.id);
            setBroken(false);
            setTries(tries + 1);
          }}
        >
          {locale.value.words.tryAgain}
        </button>
      </div>
    );
  }
  return (
    <button
      ref={box}
      type="button"
      class="picture"
      style={boxOf(shownSize(file.width, file.height))}
      aria-label={words.enlarge(file.name)}
      title={file.name}
      onClick={() => address.url !== null && enlarge(file, address.url)}
    >
      {address.url !== null && (
        <img src={address.url} alt="" decoding="async" onError={() => setBroken(true)} />
      )}
    </button>
  );
}

interface SheetProps {
  file: { name: string; size: number };
  stored: FileInfo | null;
  chat: Chat;
}

function Sheet({ file, stored, chat }: SheetProps) {
  const words = fileWords.value;
  const [state, setState] = useState<'idle' | 'fetching' | 'failed'>('idle');
  const fetched = useRef(false);
  const address = fetched.current && stored !== null ? addressOf(stored, chat.token).value : null;
  // A customer's bytes come by a request of the page's own, and are saved when they are here.
  useEffect(() => {
    if (state !== 'fetching' || address === null || stored === null) return;
    if (address.failed) {
      forget(stored.id);
      fetched.current = false;
      setState('failed');
    } else if (address.url !== null) {
      save(address.url, stored.name);
      setState('idle');
    }
  }, [state, address]);
  const download = () => {
    fetched.current = true;
    setState('fetching');
  };
  return (
    <div class="sheet-row">
      <span class="sheet">
        <SheetIcon />
        <span aria-hidden="true">{endingOf(file.name).slice(0, 4)}</span>
      </span>
      <span class="about">
        <bdi class="file-name">{file.name}</bdi>
        <span class={state === 'failed' ? 'file-problem' : 'file-size'} aria-live="polite">
          {state === 'failed'
            ? words.gone
            : state === 'fetching'
              ? words.fetching
              : sizeOf(file.size, locale.value.tag)}
        </span>
      </span>
      {stored !== null && chat.token === null && (
        <a
          class="download"
          href={addressOf(stored, null).value.url ?? ''}
          download={stored.name}
          aria-label={words.downloadFile(stored.name)}
          title={words.download}
        >
          <DownloadIcon />
        </a>
      )}
      {stored !== null && chat.token !== null && (
        <button
          type="button"
          class="download"
          aria-label={words.downloadFile(stored.name)}
          title={words.download}
          disabled={state === 'fetching'}
          onClick={download}
        >
          <DownloadIcon />
        </button>
      )}
    </div>
  );
}
