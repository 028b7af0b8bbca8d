// The open conversation: who it is with, its messages, and where to answer.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { attention, finePointer } from '../shared/browser';
import type { Chat } from '../shared/core/chat';
import type { Drafts } from '../shared/core/drafts';
import type { Row } from '../shared/core/rows';
import type { Conversation, Person, WireError } from '../shared/core/wire';
import { Composer } from '../shared/ui/Composer';
import { BackIcon, LockIcon } from '../shared/ui/icons';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { rowActions } from '../shared/ui/MessageItem';
import { MessageList } from '../shared/ui/MessageList';
import { nameOf, titleOf, typingLine } from '../shared/ui/names';
import { useRows } from '../shared/ui/useRows';
import { Actions } from './Actions';
import { type AllWords, consoleWords } from './consoleWords';
import { DetailsButton } from './Details';
import { orErased } from './erased';
import { Status } from './InboxRow';
import { useReplyMenu } from './ReplyMenu';
import { repliesWords } from './repliesWords';
import { goTo } from './route';

interface ThreadProps {
  id: string;
  live: Live<Chat>;
  drafts: Drafts;
  /** Why the conversation cannot be shown. */
  problem: WireError | null;
}

export function Thread({ id, live, drafts, problem }: ThreadProps) {
  const words = consoleWords.value;
  const chat = live.value;
  const conversation = chat.directory.get(id);
  const timeline = chat.timeline(id);
  const all = useRows(chat, id);
  const rows = useMemo(() => all.map(row => withoutErased(row, words)), [all, words]);
  const [atEnd, setAtEnd] = useState(true);
  const looking = attention.value;
  const loaded = timeline?.loaded === true;
  const failed = chat.history.failed(id);
  const phase = chat.connection.phase;
  const deedProblem = chat.deeds?.problem(id) ?? null;
  const [isNote, setIsNote] = useState(false);
  const draft = isNote ? `${id}.note` : id;
  const title = conversation === undefined ? words.conversation : titleOf(conversation, words);
  const actions = useMemo(
    () => ({
      ...rowActions(chat),
      nameOf: (person: Person) => nameOf(person, words),
    }),
    [chat, words],
  );

  // With a mouse the composer takes the focus; on touch, where that would raise the keyboard, this.
  const section = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (!finePointer()) section.current?.focus();
  }, []);

  useEffect(() => {
    if (looking && atEnd) chat.seen(id);
  });

  const replyMenu = useReplyMenu({
    customer: conversation?.customer?.name ?? null,
    agent: chat.me.name,
  });

  if (problem !== null) {
    return (
      <section class="thread" aria-label={words.conversation}>
        <div class="notice" role="alert">
          <p>
            {problem.code === 'conversation_not_found' || problem.code === 'not_found'
              ? words.noSuchConversation
              : locale.value.error(problem.code)}
          </p>
          <button type="button" class="primary" onClick={() => goTo(null)}>
            {words.back}
          </button>
        </div>
      </section>
    );
  }
  return (
    <section ref={section} class="thread" aria-label={title} tabIndex={-1}>
      <header>
        <button type="button" class="quiet back" onClick={() => goTo(null)}>
          <BackIcon />
          {words.back}
        </button>
        {conversation !== undefined && (
          <Who
            conversation={conversation}
            title={title}
            connected={phase === 'online'}
            myId={chat.me.id}
          />
        )}
        {conversation?.customer && <DetailsButton />}
        {conversation !== undefined && <Actions conversation={conversation} live={live} />}
      </header>
      <p class="deed-problem" role="alert">
        {deedProblem === null ? '' : locale.value.error(deedProblem)}
      </p>
      <MessageList
        label={words.messagesWith(title)}
        rows={rows}
        actions={actions}
        loading={!loaded ? !failed : chat.history.loading(id)}
        loadOlder={
          timeline?.hasOlder && phase === 'online' ? () => chat.history.load(id, 'older') : null
        }
        retryLoad={failed ? () => chat.history.load(id, loaded ? 'older' : 'newest') : null}
        empty={<p class="empty">{words.noMessagesYet}</p>}
        typing={typingLine(chat.typists.in(id), words)}
        atEnd={setAtEnd}
      />
      {conversation?.status === 'closed' ? (
        <p class="ended">{words.hasEnded}</p>
      ) : (
        <Composer
          key={draft}
          note={isNote}
          assist={replyMenu}
          tools={<Modes isNote={isNote} choose={setIsNote} openReplies={replyMenu.open} />}
          draft={drafts.get(draft)}
          limits={chat.limits}
          attach={{ chat, key: draft, conversation: id, kind: isNote ? 'note' : 'file' }}
          disabled={phase === 'closed'}
          autofocus={finePointer()}
          changed={text => {
            drafts.set(draft, text);
            // The customer is not to wonder about what is not for them.
            if (!isNote) chat.teller.typed(id, text.trim() === '');
          }}
          send={text => chat.outbox.add(id, text, isNote ? 'note' : 'text')}
        />
      )}
    </section>
  );
}

interface ModesProps {
  isNote: boolean;
  choose: (isNote: boolean) => void;
  openReplies: () => void;
}

/** To the customer, or to the other agents; and what helps to write. */
function Modes({ isNote, choose, openReplies }: ModesProps) {
  const words = repliesWords.value;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="modes" role="group" aria-label={words.mode}>
      <button type="button" aria-pressed={!isNote} onClick={() => choose(false)}>
        {words.reply}
      </button>
      <button type="button" aria-pressed={isNote} onClick={() => choose(true)}>
        <LockIcon />
        {words.note}
      </button>
      <button
        type="button"
        class="slash"
        aria-label={words.openMenu}
        title={words.openMenu}
        onMouseDown={event => event.preventDefault()}
        onClick={openReplies}
      >
        <span aria-hidden="true">/</span>
      </button>
    </div>
  );
}

interface WhoProps {
  conversation: Conversation;
  title: string;
  /** Whether they are there is known only while one is connected oneself. */
  connected: boolean;
  myId: string | null;
}

/** Who it is, and whether they are there. */
function Who({ conversation, title, connected, myId }: WhoProps) {
  const words = consoleWords.value;
  const { customer } = conversation;
  return (
    <div class="who">
      <div class="who-line">
        <h2>
          <bdi>{title}</bdi>
        </h2>
        {customer !== null && connected && (
          <span class="presence">
            <span class={customer.online ? 'dot on' : 'dot'} aria-hidden="true" />
            {customer.online ? words.online : words.notOnline}
          </span>
        )}
        <Status conversation={conversation} waited={null} words={words} myId={myId} />
      </div>
    </div>
  );
}

/** What was erased, in words. */
function withoutErased(row: Row, words: AllWords): Row {
  if (row.kind !== 'message') return row;
  const text = orErased(row.text, words);
  return text === row.text ? row : { ...row, text };
}
