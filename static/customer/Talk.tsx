// The conversation as the customer sees it. Comes right after the page (later.ts): there is nothing to
// show in it before the connection is there.

import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Chat } from '../shared/core/chat';
import type { Person } from '../shared/core/wire';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { rowActions } from '../shared/ui/MessageItem';
import { MessageList } from '../shared/ui/MessageList';
import { nameOf, typingLine } from '../shared/ui/names';
import { useRows } from '../shared/ui/useRows';

interface TalkProps {
  live: Live<Chat>;
  /** Null before the first message is stored. */
  id: string | null;
  /** Whether all is here that is to be shown first. */
  loaded: boolean;
  /** Shown where there is no message. */
  empty: ComponentChildren;
  atEnd: (atEnd: boolean) => void;
}

export function Talk({ live, id, loaded, empty, atEnd }: TalkProps) {
  const chat = live.value;
  const { words } = locale.value;
  const timeline = id === null ? undefined : chat.timeline(id);
  const rows = useRows(chat, id);
  const failed = id !== null && chat.history.failed(id);
  // Then nothing comes any more.
  const isOver = chat.connection.phase === 'closed';
  const actions = useMemo(
    () => ({ ...rowActions(chat), nameOf: (person: Person) => nameOf(person, words) }),
    [chat, words],
  );
  return (
    <MessageList
      label={words.conversation}
      rows={rows}
      actions={actions}
      loading={!isOver && (!loaded ? !failed : id !== null && chat.history.loading(id))}
      loadOlder={
        id !== null && timeline?.hasOlder && chat.connection.phase === 'online'
          ? () => chat.history.load(id, 'older')
          : null
      }
      retryLoad={
        id !== null && failed ? () => chat.history.load(id, loaded ? 'older' : 'newest') : null
      }
      empty={!isOver && empty}
      typing={id === null ? '' : typingLine(chat.typists.in(id), words)}
      atEnd={atEnd}
    />
  );
}
