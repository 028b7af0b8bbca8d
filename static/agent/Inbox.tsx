// The list of conversations by latest activity, and at its foot who is at the desk.

import { useEffect, useState } from 'preact/hooks';
import type { Chat } from '../shared/core/chat';
import { waitingIn } from '../shared/core/queue';
import type { Conversation, WireError } from '../shared/core/wire';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { type AllWords, consoleWords } from './consoleWords';
import { choose, FILTERS, type Filter, filter, shown, tagFilter } from './filter';
import { InboxRow } from './InboxRow';
import type { OlderConversations } from './older';
import { SearchField, SearchResults, searchText } from './Search';
import { Staff } from './Staff';
import { allTags } from './tagsApi';

interface InboxProps {
  live: Live<Chat>;
  older: Live<OlderConversations>;
  open: string | null;
  signOut: () => Promise<WireError | null>;
}

export function Inbox({ live, older: liveOlder, open, signOut }: InboxProps) {
  const words = consoleWords.value;
  const chat = live.value;
  const older = liveOlder.value;
  const by = filter.value;
  const searching = searchText.value.trim() !== '';
  const list = shown(chat.directory, chat.me.id);
  const now = useMinute();
  const scrolled = (event: Event) => {
    const element = event.currentTarget as HTMLElement;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (below < 200 && older.hasMore && !older.failed) older.load();
  };
  return (
    <nav class="inbox" aria-label={words.conversations}>
      <header>
        <h2>{words.conversations}</h2>
        {chat.welcomed && <SearchField />}
        {chat.welcomed && chat.room === 'private' && !searching && <Filters live={live} />}
      </header>
      {searching ? (
        <SearchResults open={open} myId={chat.me.id} />
      ) : (
        <div class="inbox-scroll" onScroll={scrolled}>
          {!chat.welcomed && <InboxSkeleton />}
          {chat.welcomed && list.length === 0 && <Empty by={by} />}
          {list.length > 0 && (
            <ul>
              {list.map(conversation => (
                <InboxRow
                  key={conversation.id}
                  conversation={conversation}
                  current={conversation.id === open}
                  locale={locale.value}
                  words={words}
                  today={new Date().toDateString()}
                  waited={waited(conversation, now, words)}
                  myId={chat.me.id}
                  connected={chat.connection.phase === 'online'}
                />
              ))}
            </ul>
          )}
          {older.failed && (
            <p class="load-problem" role="alert">
              {words.couldNotLoad}
            </p>
          )}
          {older.hasMore && (
            <button
              type="button"
              class="quiet more"
              aria-busy={older.loading}
              onClick={() => older.load()}
            >
              {older.loading ? words.loading : older.failed ? words.tryAgain : words.loadMore}
            </button>
          )}
        </div>
      )}
      <Staff live={live} signOut={signOut} />
    </nav>
  );
}

function Filters({ live }: { live: Live<Chat> }) {
  const chat = live.value;
  const words = consoleWords.value;
  const names: Readonly<Record<Filter, string>> = {
    waiting: words.filterWaiting,
    mine: words.filterMine,
    all: words.filterAll,
    closed: words.filterClosed,
  };
  const waiting = waitingIn(chat.directory).length;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="filters" role="group" aria-label={words.filters}>
      {FILTERS.map(name => (
        <button
          type="button"
          key={name}
          aria-pressed={filter.value === name}
          onClick={() => choose(name)}
        >
          {names[name]}
          {name === 'waiting' && waiting > 0 && <span class="count"> {waiting}</span>}
        </button>
      ))}
      <TagFilter />
    </div>
  );
}

/** Only those with one tag, where there are tags at all. */
function TagFilter() {
  const words = consoleWords.value;
  const tags = allTags.value;
  const chosen = tagFilter.value;
  if (tags.length === 0 && chosen === null) return null;
  const choices =
    chosen === null || tags.some(({ id }) => id === chosen.id) ? tags : [chosen, ...tags];
  return (
    <select
      class="tag-filter"
      aria-label={words.tagFilter}
      value={chosen?.id ?? ''}
      onChange={event => {
        const { value } = event.currentTarget;
        tagFilter.value = choices.find(({ id }) => id === value) ?? null;
      }}
    >
      <option value="">{words.anyTag}</option>
      {choices.map(tag => (
        <option key={tag.id} value={tag.id}>
          {tag.name}
        </option>
      ))}
    </select>
  );
}

function Empty({ by }: { by: Filter }) {
  const words = consoleWords.value;
  const [title, more] =
    tagFilter.value !== null
      ? [words.nothingHere, null]
      : by === 'mine'
        ? [words.nothingMine, words.nothingMineMore]
        : by === 'closed'
          ? [words.nothingHere, null]
          : [words.noOneWaiting, words.noOneWaitingMore];
  return (
    <div class="notice">
      <h2>{title}</h2>
      {more !== null && <p>{more}</p>}
    </div>
  );
}

/** How long somebody has waited, in words; null for who does not. */
function waited(conversation: Conversation, now: number, words: AllWords): string | null {
  if (conversation.status !== 'waiting') return null;
  const since = Date.parse(conversation.waiting_since ?? conversation.created_at);
  const minutes = Math.max(0, Math.floor((now - since) / 60_000)) || 0;
  if (minutes < 60) return words.waitedMinutes(minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? words.waitedHours(hours) : words.waitedDays(Math.floor(hours / 24));
}

/** The time, anew every half minute. */
function useMinute(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(now, 0);
}

/** Grey shapes, which the style sheet shows only when loading takes longer than a moment. */
function InboxSkeleton() {
  return (
    <div class="skeleton">
      <span class="hidden">{consoleWords.value.loading}</span>
      {[1, 2, 3, 4].map(n => (
        <span class="shape line" key={n} />
      ))}
    </div>
  );
}
