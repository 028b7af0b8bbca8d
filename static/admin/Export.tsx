// What fits the filter, as a file: fetched part by part, so that it shows how far it is, can be stopped, and goes
// on after a break from where it was.

import { useRef, useState } from 'preact/hooks';
import { save } from '../shared/files/Picture';
import { locale } from '../shared/ui/locale';
import { adminWords } from './adminWords';
import { exportPart, type Format, type Part } from './historyApi';
import { dateOf, type Filter } from './place';

const FORMATS: readonly Format[] = ['csv', 'jsonl', 'html'];
const TYPES: Readonly<Record<Format, string>> = {
  csv: 'text/csv',
  jsonl: 'application/jsonl',
  html: 'text/html',
};

/** One that was begun: what is there, and where it goes on. */
interface Begun {
  readonly format: Format;
  readonly filter: Filter;
  readonly parts: Blob[];
  cursor: string;
}

type State =
  | { readonly at: 'rest' }
  | { readonly at: 'under way'; readonly part: Part | null }
  | { readonly at: 'broken off'; readonly code: string }
  | { readonly at: 'done'; readonly part: Part };

export function Export({ filter }: { filter: Filter }) {
  const words = adminWords.value;
  const [state, setState] = useState<State>({ at: 'rest' });
  const begun = useRef<Begun | null>(null);
  const stop = useRef<AbortController | null>(null);

  const run = async () => {
    const one = begun.current;
    if (one === null) return;
    const controller = new AbortController();
    stop.current = controller;
    setState({ at: 'under way', part: null });
    for (;;) {
      const { language } = locale.value;
      const { signal } = controller;
      const { ok, error } = await exportPart(one.filter, one.format, language, one.cursor, signal);
      if (signal.aborted) return setState({ at: 'rest' });
      if (error !== null) return setState({ at: 'broken off', code: error.code });
      one.parts.push(ok.bytes);
      if (ok.next === null) {
        const url = URL.createObjectURL(new Blob(one.parts, { type: TYPES[one.format] }));
        save(url, `kefu-${dateOf(new Date())}.${one.format}`);
        setTimeout(() => URL.revokeObjectURL(url), 60_000);
        begun.current = null;
        return setState({ at: 'done', part: ok });
      }
      one.cursor = ok.next;
      setState({ at: 'under way', part: ok });
    }
  };
  const start = (format: Format) => {
    begun.current = { format, filter, parts: [], cursor: '' };
    void run();
  };
  const counted = (part: Part) =>
    [words.number(part.conversations), words.number(part.messages)] as const;

  return (
    <fieldset class="admin-export">
      <legend>{words.exportAs}</legend>
      {state.at === 'under way' ? (
        <button type="button" class="plain" onClick={() => stop.current?.abort()}>
          {words.stop}
        </button>
      ) : (
        FORMATS.map(format => (
          <button key={format} type="button" class="plain" onClick={() => start(format)}>
            {words[format]}
          </button>
        ))
      )}
      {state.at === 'broken off' && (
        <button type="button" class="primary" onClick={() => void run()}>
          {words.goOn}
        </button>
      )}
      <span role="status">
        {state.at === 'under way' && state.part !== null && (
          <>
            {words.exporting(...counted(state.part))}
            {state.part.reached !== null &&
              words.reached(new Date(state.part.reached).toLocaleDateString(locale.value.formats))}
          </>
        )}
        {state.at === 'done' && words.exported(...counted(state.part))}
        {state.at === 'broken off' && words.brokenOff(words.error(state.code))}
      </span>
    </fieldset>
  );
}
