// An agent's desk: the conversations at the start, the open one beside them. Owns the agent's
// Chat from signing in to signing out.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { browserOnline, clock, openSocket, randomBytes, watchNetwork } from '../shared/browser';
import { Chat } from '../shared/core/chat';
import { Deeds } from '../shared/core/deeds';
import { Drafts } from '../shared/core/drafts';
import { waitingIn } from '../shared/core/queue';
import type { Person, WireError } from '../shared/core/wire';
import { tabStore } from '../shared/stores';
import { Live } from '../shared/ui/live';
import { StatusLine } from '../shared/ui/StatusLine';
import { AccountPanel } from './AccountPanel';
import { AccountsPanel } from './AccountsPanel';
import { AskToEnd, ending, mayHandle } from './Actions';
import { AlertsPanel } from './alerts/AlertsPanel';
import { useAlerts } from './alerts/useAlerts';
import { BlockDialog } from './BlockDialog';
import { BlocksPanel } from './BlocksPanel';
import { consoleWords } from './consoleWords';
import { Details } from './Details';
import { shown, tagFilter } from './filter';
import { Inbox } from './Inbox';
import { OlderConversations } from './older';
import { RepliesPanel } from './RepliesPanel';
import { savedReplies } from './repliesApi';
import { addressOf, goTo, openId, openPanel, type PanelName } from './route';
import { focusSearch, searchText } from './Search';
import { listShown, ShortcutList, useShortcuts } from './Shortcuts';
import { SettingsPanel } from './settings/SettingsPanel';
import { Thread } from './Thread';
import { loadTags } from './tagsApi';
import { useConversation } from './useConversation';

interface DeskProps {
  /** The server ended the session; true when the agent had been signed in on this page. */
  ended: (wasSignedIn: boolean) => void;
  /** Signs out at the agent's wish; null when that went well. */
  signOut: () => Promise<WireError | null>;
}

function newChat(changed: () => void): Chat {
  return new Chat({
    side: 'agent',
    token: () => null,
    // What one agent has not sent yet is never sent by another who signs in after them.
    outboxKey: me => (me.id === null ? null : `kefu.outbox.agent.${me.id}`),
    clock,
    random: Math.random,
    randomBytes,
    open: openSocket,
    tabStore,
    browserOnline,
    changed,
    deeds: options => new Deeds(options),
  });
}

export function Desk({ ended, signOut }: DeskProps) {
  const [live] = useState(() => new Live(newChat));
  const tag = tagFilter.value?.id ?? null;
  const older = useMemo(
    () => new Live(changed => new OlderConversations(live.value.directory, changed, tag)),
    [tag],
  );
  const chat = live.value;
  const words = consoleWords.value;
  const open = openId.value;
  const panel = openPanel.value;
  const place = open ?? panel;
  const { phase } = chat.connection;
  const myId = chat.me.id;
  const drafts = useMemo(() => new Drafts(tabStore, `kefu.draft.agent.${myId}.`), [myId]);
  const problem = useConversation(chat, open);

  useEffect(() => {
    const forget = watchNetwork(chat.connection);
    chat.connection.start();
    return () => {
      forget();
      chat.connection.stop();
    };
  }, [chat]);

  // Another agent's own are not this one's.
  useEffect(() => {
    savedReplies.value = null;
    tagFilter.value = null;
    searchText.value = '';
  }, []);

  // What has a tag may be older than all that is here.
  useEffect(() => {
    if (tag !== null && older.value.hasMore) void older.value.load();
  }, [tag, older]);
  useEffect(() => {
    if (phase === 'online') void loadTags();
  }, [phase]);

  useEffect(() => {
    if (phase === 'closed') ended(chat.welcomed);
  }, [phase]);

  // Somebody else signed in in another tab: nothing here is theirs.
  const firstId = useRef(myId);
  firstId.current ??= myId;
  useEffect(() => {
    if (myId !== firstId.current) location.reload();
  }, [myId]);

  // On a narrow screen the row and the thread take each other's place, and the focus with them.
  const previous = useRef(place);
  useLayoutEffect(() => {
    const left = previous.current;
    previous.current = place;
    if (place === null && left !== null) {
      const address = addressOf(left);
      const link = document.querySelector<HTMLElement>(
        `a[href="${address}"], a[href^="${address}/"]`,
      );
      // A panel's is in the menu, which is closed by now.
      const menu = link?.closest('.menu')?.querySelector('summary');
      (menu ?? link)?.focus();
    }
  }, [place]);

  useAlerts(chat);

  useShortcuts({
    neighbour: step => goToNeighbour(chat, step),
    takeNext: () => {
      const next = waitingIn(chat.directory)[0];
      if (next === undefined) return;
      chat.deeds?.do(next.id, 'take');
      goTo(next.id);
    },
    search: focusSearch,
    end: () => {
      const here = open === null ? undefined : chat.directory.get(open);
      if (here === undefined || here.customer === null || here.status === 'closed') return;
      if (mayHandle(here, chat)) ending.value = here.id;
    },
  });

  const hasDetails =
    open !== null && chat.welcomed && problem === null && chat.directory.get(open)?.customer;
  const layout = [place !== null && 'reading', hasDetails && 'with-details'];

  return (
    <main class={['desk', ...layout].filter(Boolean).join(' ')} aria-busy={!chat.welcomed}>
      <h1 class="hidden">{words.title}</h1>
      <StatusLine live={live} />
      <Inbox live={live} older={older} open={open} signOut={signOut} />
      {panel !== null && chat.welcomed ? (
        <OpenPanel name={panel} me={chat.me} />
      ) : open !== null && chat.welcomed ? (
        <Thread key={open} id={open} live={live} drafts={drafts} problem={problem} />
      ) : (
        <section class="thread" aria-label={words.conversation}>
          {place === null && chat.welcomed && (
            <div class="notice">
              <h2>{words.chooseConversation}</h2>
              <p>{words.chooseConversationMore}</p>
            </div>
          )}
        </section>
      )}
      {open !== null && hasDetails && <Details key={open} id={open} live={live} />}
      <AskToEnd chat={chat} />
      <BlockDialog chat={chat} />
      {listShown.value && <ShortcutList />}
    </main>
  );
}

function OpenPanel({ name, me }: { name: PanelName; me: Person }) {
  switch (name) {
    case 'account':
      return <AccountPanel me={me} />;
    case 'accounts':
      return <AccountsPanel me={me} />;
    case 'alerts':
      return <AlertsPanel />;
    case 'blocks':
      return <BlocksPanel me={me} />;
    case 'settings':
      return <SettingsPanel me={me} />;
    case 'replies':
      return <RepliesPanel me={me} />;
  }
}

function goToNeighbour(chat: Chat, step: 1 | -1): void {
  const list = shown(chat.directory, chat.me.id);
  const at = list.findIndex(item => item.id === openId.value);
  const next = list[at === -1 ? 0 : at + step];
  if (next !== undefined) goTo(next.id);
}
