// The list of conversations by latest activity, and at its foot who is at the desk.

import type { Chat } from '../shared/core/chat';
import type { WireError } from '../shared/core/wire';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { consoleWords } from './consoleWords';
import { InboxRow } from './InboxRow';
import type { OlderConversations } from './older';
import { Staff } from './Staff';

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
  const list = chat.directory.list;
  const scrolled = (event: Event) => {
    const element = event.currentTarget as HTMLElement;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (below < 200 && older.hasMore && !older.failed) older.load();
  };
  return (
    <nav class="inbox" aria-label={words.conversations}>
      <header>
        <h2>{words.conversations}</h2>
      </header>
      <div class="inbox-scroll" onScroll={scrolled}>
        {!chat.welcomed && <InboxSkeleton />}
        {chat.welcomed && list.length === 0 && (
          <div class="notice">
            <h2>{words.noOneWaiting}</h2>
            <p>{words.noOneWaitingMore}</p>
          </div>
        )}
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
      <Staff live={live} signOut={signOut} />
    </nav>
  );
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
