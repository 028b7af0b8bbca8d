// Search on the server over names and messages: the field above the list, and what was found in the
// list's place.

import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { clock } from '../shared/browser';
import { Composition } from '../shared/core/composition';
import type { WireError } from '../shared/core/wire';
import { locale } from '../shared/ui/locale';
import { consoleWords } from './consoleWords';
import { Excerpt } from './Excerpt';
import { brief } from './formats';
import { Status } from './InboxRow';
import { addressOf, goTo } from './route';
import { type Hit, search } from './searchApi';
import { titleOf } from './titleOf';

export const searchText = signal('');

/** So long nobody types before the server is asked. */
const PAUSE_MS = 300;
/** Pages without a hit that are passed over before the agent is asked whether to go on. */
const EMPTY_PAGES = 10;
const FIELD = 'search-field';

export function focusSearch(): void {
  document.getElementById(FIELD)?.focus();
}

export function SearchField() {
  const words = consoleWords.value;
  const [composition] = useState(() => new Composition(clock));
  return (
    <search class="search">
      <input
        id={FIELD}
        type="search"
        aria-label={words.search}
        placeholder={words.searchHint}
        autocomplete="off"
        spellcheck={false}
        enterkeyhint="search"
        maxLength={100}
        value={searchText.value}
        onInput={event => {
          searchText.value = event.currentTarget.value;
        }}
        onCompositionStart={() => composition.started()}
        onCompositionEnd={() => composition.ended()}
        onKeyDown={event => {
          if (event.key !== 'Escape' || composition.owns(event)) return;
          event.preventDefault();
          if (searchText.value === '') event.currentTarget.blur();
          else searchText.value = '';
        }}
      />
    </search>
  );
}

interface Found {
  /** For which words. */
  readonly text: string;
  readonly hits: readonly Hit[];
  readonly next: string | null;
  readonly error: WireError | null;
}

export function SearchResults({ open, myId }: { open: string | null; myId: string | null }) {
  const words = consoleWords.value;
  const text = searchText.value.trim();
  const [found, setFound] = useState<Found | null>(null);
  const [busy, setBusy] = useState(true);

  /** Goes on from what was found until there is more, or nothing is left. */
  const run = async (from: Found, isCurrent: () => boolean) => {
    setBusy(true);
    let now = from;
    for (let page = 0; page < EMPTY_PAGES; page += 1) {
      const { ok, error } = await search(now.text, now.next);
      if (!isCurrent()) return;
      if (error !== null) {
        now = { ...now, error };
        break;
      }
      const known = new Set(now.hits.map(hit => hit.conversation.id));
      const fresh = ok.hits.filter(hit => !known.has(hit.conversation.id));
      now = { ...now, error: null, hits: [...now.hits, ...fresh], next: ok.next };
      if (fresh.length > 0 || now.next === null) break;
    }
    setFound(now);
    setBusy(false);
  };
  useEffect(() => {
    let current = true;
    setBusy(true);
    const timer = setTimeout(() => {
      void run({ text, hits: [], next: null, error: null }, () => current);
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text]);

  const hits = found?.hits ?? [];
  const isDone = !busy && found?.text === text;
  const count = found?.next === null ? words.found(hits.length) : words.foundMore(hits.length);
  return (
    <div class="inbox-scroll" aria-busy={busy}>
      <p class="search-said" aria-live="polite">
        {busy ? words.searching : hits.length > 0 ? count : ''}
      </p>
      {isDone && found.error === null && hits.length === 0 && found.next === null && (
        <div class="notice">
          <h2>{words.nothingFound}</h2>
          <p>{words.nothingFoundMore}</p>
        </div>
      )}
      {hits.length > 0 && (
        <ul aria-label={words.searchResults}>
          {hits.map(hit => (
            <HitRow
              key={hit.conversation.id}
              hit={hit}
              current={hit.conversation.id === open}
              myId={myId}
            />
          ))}
        </ul>
      )}
      {isDone && found.error !== null && (
        <p class="load-problem" role="alert">
          {words.couldNotLoadWhy(locale.value.error(found.error.code))}
        </p>
      )}
      {isDone && (found.next !== null || found.error !== null) && (
        <button
          type="button"
          class="quiet more"
          onClick={() => void run(found, () => searchText.value.trim() === found.text)}
        >
          {found.error === null ? words.searchFurther : words.tryAgain}
        </button>
      )}
    </div>
  );
}

interface HitRowProps {
  hit: Hit;
  current: boolean;
  myId: string | null;
}

function HitRow({ hit, current, myId }: HitRowProps) {
  const words = consoleWords.value;
  const { conversation, message, excerpt } = hit;
  const sentAt = message?.sentAt ?? conversation.last_message_at;
  const at = Date.parse(sentAt);
  return (
    <li>
      <a
        href={addressOf(conversation.id, message?.seq)}
        class="conversation"
        aria-current={current ? 'true' : undefined}
        onClick={event => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          goTo(conversation.id, message?.seq);
        }}
      >
        <span class="line-one">
          <bdi class="title">{titleOf(conversation, words)}</bdi>
          <time dateTime={sentAt} title={locale.value.full(at)}>
            {brief(at, Date.now(), locale.value)}
          </time>
        </span>
        <span class="excerpt" dir="auto">
          <Excerpt pieces={excerpt} />
        </span>
        <span class="line-two">
          {message?.kind === 'note' && <span class="in-note">{words.inNote}</span>}
          <Status conversation={conversation} waited={null} words={words} myId={myId} />
        </span>
      </a>
    </li>
  );
}
