// One conversation to read, whoever has it: everything that was said and done, notes among it.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Message, WireError } from '../shared/core/wire';
import { locale } from '../shared/ui/locale';
import { eventLine } from '../shared/ui/names';
import { adminWords } from './adminWords';
import * as api from './historyApi';
import { marked } from './marked';
import { Problem } from './Problem';

interface TranscriptProps {
  id: string;
  /** What was searched for; marked where it stands. */
  words: string;
  signedOut: () => void;
  shut: () => void;
}

export function Transcript({ id, words: searched, signedOut, shut }: TranscriptProps) {
  const words = adminWords.value;
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const [more, setMore] = useState(false);
  const [busy, setBusy] = useState(true);
  const [problem, setProblem] = useState<WireError | null>(null);
  const section = useRef<HTMLElement>(null);
  useLayoutEffect(() => section.current?.focus(), []);

  const load = async () => {
    setBusy(true);
    setProblem(null);
    const { ok, error } = await api.transcript(id, messages.at(-1)?.seq ?? 0);
    setBusy(false);
    if (error !== null) {
      if (error.code === 'not_signed_in') return signedOut();
      return setProblem(error);
    }
    setMessages([...messages, ...ok.messages]);
    setMore(ok.more);
  };
  useEffect(() => void load(), []);

  return (
    <section
      ref={section}
      class="admin-transcript"
      aria-label={words.transcript}
      aria-busy={busy}
      tabIndex={-1}
    >
      <header>
        <button type="button" class="plain" onClick={shut}>
          {words.shut}
        </button>
        <h2>
          {words.transcript} {id}
        </h2>
      </header>
      <ol class="admin-said">
        {messages.map(message => (
          <Said key={message.seq} message={message} searched={searched} />
        ))}
      </ol>
      {problem !== null && <Problem problem={problem} again={() => void load()} />}
      {more && problem === null && (
        <button
          type="button"
          class="plain"
          aria-disabled={busy}
          onClick={() => !busy && void load()}
        >
          {words.moreMessages}
        </button>
      )}
    </section>
  );
}

function Said({ message, searched }: { message: Message; searched: string }) {
  const words = adminWords.value;
  const { kind, from, text, sent_at: at } = message;
  const time = (
    <time dateTime={at}>
      {new Date(at).toLocaleString(locale.value.tag, { dateStyle: 'medium', timeStyle: 'medium' })}
    </time>
  );
  if (kind === 'event') {
    const by = from.role === 'agent' ? (from.name ?? '') : words.customerMark;
    const other = message.event?.agent?.name ?? null;
    const line =
      message.event === null ? null : eventLine(message.event, by, other, locale.value.words, text);
    return (
      <li class="admin-event">
        <bdi>{line ?? text}</bdi> {time}
      </li>
    );
  }
  const name = from.name ?? (from.role === 'customer' ? words.customerMark : 'Kefu');
  return (
    <li class={`admin-message from-${from.role}${kind === 'note' ? ' is-note' : ''}`}>
      <p class="admin-who">
        <strong>
          <bdi>{name}</bdi>
        </strong>
        {kind === 'note' && <span class="admin-note-mark">{words.noteMark}</span>} {time}
      </p>
      <p class="admin-text" dir="auto">
        {marked(text, searched).map((piece, place) =>
          piece.hit ? <mark key={place}>{piece.text}</mark> : piece.text,
        )}
      </p>
      {message.file !== null && message.file.name !== text && (
        <p class="admin-file">
          <bdi>{message.file.name}</bdi>
        </p>
      )}
    </li>
  );
}
