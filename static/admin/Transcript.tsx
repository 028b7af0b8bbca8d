// One conversation to read, whoever has it: everything that was said and done, notes among it.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { customerOf } from '../agent/customerApi';
import { Excerpt } from '../agent/Excerpt';
import type { Message, WireError } from '../shared/core/wire';
import { locale } from '../shared/ui/locale';
import { eventLine } from '../shared/ui/names';
import { adminWords } from './adminWords';
import { Hold } from './Hold';
import * as api from './historyApi';
import { Link } from './Link';
import { marked } from './marked';
import { Problem } from './Problem';
import { useAnswer } from './useAnswer';
import { toView } from './views';

interface TranscriptProps {
  id: string;
  /** What was searched for; marked where it stands. */
  words: string;
  isAdmin: boolean;
  signedOut: () => void;
  shut: () => void;
}

export function Transcript(props: TranscriptProps) {
  const { id, words: searched, isAdmin, signedOut, shut } = props;
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
        <Whose id={id} isAdmin={isAdmin} signedOut={signedOut} />
      </header>
      {/* One that there is not is under no hold. */}
      {messages.length > 0 && <Hold conversation={id} isAdmin={isAdmin} signedOut={signedOut} />}
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

interface WhoseProps {
  id: string;
  isAdmin: boolean;
  signedOut: () => void;
}

/** Who the customer is; for admins a step to where all that is held on them is taken out or erased. */
function Whose({ id, isAdmin, signedOut }: WhoseProps) {
  const words = adminWords.value;
  const { found } = useAnswer(() => customerOf(id), id, signedOut);
  const customer = found?.customer ?? null;
  if (customer === null) return null;
  return (
    <>
      <p class="admin-whose">
        <bdi>{customer.name ?? words.noName(customer.id)}</bdi>
        {customer.email !== null && <bdi>{customer.email}</bdi>}
      </p>
      {isAdmin && (
        <Link to={toView('cleanup', { customer: customer.id })}>{words.cleanup.eraseOrExport}</Link>
      )}
    </>
  );
}

function Said({ message, searched }: { message: Message; searched: string }) {
  const words = adminWords.value;
  const { kind, from, text, sent_at: at } = message;
  const time = (
    <time dateTime={at}>
      {new Date(at).toLocaleString(locale.value.formats, {
        dateStyle: 'medium',
        timeStyle: 'medium',
      })}
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
        <Excerpt pieces={marked(text, searched)} />
      </p>
      {message.file !== null && message.file.name !== text && (
        <p class="admin-file">
          <bdi>{message.file.name}</bdi>
        </p>
      )}
    </li>
  );
}
