// What a customer sees: who is there, the conversation, and where to write.

import { useEffect, useState } from 'preact/hooks';
import { attention, finePointer } from '../shared/browser';
import type { Chat } from '../shared/core/chat';
import { Drafts } from '../shared/core/drafts';
import { tabStore } from '../shared/stores';
import { Composer } from '../shared/ui/Composer';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { Skeleton } from '../shared/ui/Skeleton';
import { StatusLine } from '../shared/ui/StatusLine';
import { Header } from './Header';
import { extras, loadIdentity, talk } from './later';
import { wear } from './look';

/** The close code for a token that has ended. */
const SIGNED_OUT = 4500;
/** A customer has one draft, whichever conversation it will open or go on with. */
const DRAFT = 'current';
const drafts = new Drafts(tabStore, 'kefu.draft.customer.');

interface CustomerPageProps {
  live: Live<Chat>;
  /** Nobody can have written yet, so there is nothing to wait for. */
  isNew: boolean;
}

export function CustomerPage({ live, isNew }: CustomerPageProps) {
  const chat = live.value;
  const { words, language } = locale.value;
  const { business } = chat;
  const going = chat.directory.current;
  // The ended conversation that the customer has put away, to begin another.
  const [putAway, setPutAway] = useState<string | null>(null);
  const current = going?.id === putAway && going?.status === 'closed' ? undefined : going;
  const isEnded = current?.status === 'closed';
  const id = current?.id ?? null;
  const [atEnd, setAtEnd] = useState(true);
  const looking = attention.value;
  const beside = extras.value;
  const list = talk.value;
  const loaded = id === null ? isNew || chat.welcomed : chat.timeline(id)?.loaded === true;

  useEffect(() => {
    if (id !== null && chat.timeline(id) === undefined) chat.open(id);
    if (id !== null && looking && atEnd) chat.seen(id);
  });

  useEffect(() => {
    if (business) wear(business);
  }, [business]);

  const place = id === null ? null : chat.place(id);
  const unread = current?.unread ?? 0;
  const title = business?.name ?? words.chatTitle;
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  }, [unread, title]);

  const phase = chat.connection.phase;
  // Logged out, here or in another tab.
  const signedOut = phase === 'closed' && chat.connection.closeCode === SIGNED_OUT;
  useEffect(() => {
    if (signedOut) void loadIdentity().then(({ ended }) => ended());
  }, [signedOut]);
  // What the business says is known a moment after the page is.
  const greeting = (
    <div class={business ? 'greeting' : 'greeting skeleton'}>
      <h2 dir="auto">{business?.title[language] || words.greeting}</h2>
      <p dir="auto">{business?.text[language] || words.greetingMore}</p>
    </div>
  );
  return (
    <main class="chat">
      <Header live={live} id={id} />
      <StatusLine live={live} />
      {list === null ? (
        <div class="messages">
          <div class="list rows">{loaded ? greeting : phase !== 'closed' && <Skeleton />}</div>
        </div>
      ) : (
        <list.Talk live={live} id={id} loaded={loaded} empty={greeting} atEnd={setAtEnd} />
      )}
      <p class="place" aria-live="polite">
        {place === null ? '' : place === 1 ? words.nextInQueue : words.placeInQueue(place)}
      </p>
      {beside !== null && id !== null && <beside.Extras live={live} id={id} />}
      {isEnded && (
        <div class="ended">
          <p aria-live="polite">
            {chat.afterClose === 'reopen' ? words.chatEndedReopen : words.chatEnded}
          </p>
          {chat.afterClose === 'new' && (
            <button type="button" class="primary" onClick={() => setPutAway(id)}>
              {words.newChat}
            </button>
          )}
        </div>
      )}
      {(!isEnded || chat.afterClose === 'reopen') && (
        <Composer
          draft={drafts.get(DRAFT)}
          limits={chat.limits}
          attach={{ chat, key: DRAFT, conversation: null, kind: 'file' }}
          disabled={phase === 'closed'}
          autofocus={finePointer() && window.top === window}
          changed={text => {
            drafts.set(DRAFT, text);
            if (id !== null) chat.teller.typed(id, text.trim() === '');
          }}
          send={text => chat.outbox.add(null, text)}
        />
      )}
    </main>
  );
}
