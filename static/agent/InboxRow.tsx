// One conversation in the list: whose, what was said last and when, how many unread, its state.
// Hundreds of them stand there while every message renders the desk, so an equal one is kept.

import { Component } from 'preact';
import type { Locale } from '../shared/core/i18n';
import type { Conversation } from '../shared/core/wire';
import { titleOf } from '../shared/ui/names';
import type { AllWords } from './consoleWords';
import { orErased } from './erased';
import { goTo } from './route';
import { TagLine } from './Tags';

interface InboxRowProps {
  conversation: Conversation;
  current: boolean;
  locale: Locale;
  words: AllWords;
  /** Changes at midnight, when times become days. */
  today: string;
  /** "Waiting 5 min"; null for who does not wait. */
  waited: string | null;
  myId: string | null;
  /** Who is there is known only while one is connected oneself. */
  connected: boolean;
}

export class InboxRow extends Component<InboxRowProps> {
  override shouldComponentUpdate(next: InboxRowProps): boolean {
    return (Object.keys(next) as (keyof InboxRowProps)[]).some(
      key => next[key] !== this.props[key],
    );
  }

  override render(props: InboxRowProps) {
    const { conversation, current, locale, words, waited, myId, connected } = props;
    const { customer, last_message: last, unread } = conversation;
    const at = Date.parse(conversation.last_message_at);
    const title = titleOf(conversation, words);
    const mine = last !== null && last.from.role === 'agent' && last.from.id === myId;
    const preview = last === null ? words.noMessagesYet : orErased(last.text, words).slice(0, 200);
    return (
      <li>
        <a
          href={`#${encodeURIComponent(conversation.id)}`}
          class={unread > 0 ? 'conversation has-unread' : 'conversation'}
          aria-current={current ? 'true' : undefined}
          onClick={event => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            goTo(conversation.id);
          }}
        >
          <span class="line-one">
            {customer !== null && (
              <OnlineDot online={connected ? customer.online : null} words={words} />
            )}
            <bdi class="title">{title}</bdi>
            <time dateTime={conversation.last_message_at} title={locale.full(at)}>
              {locale.brief(at, Date.now())}
            </time>
          </span>
          <span class="line-two">
            <span class="preview" dir="auto">
              {mine ? words.youPrefix(preview) : preview}
            </span>
            <Status conversation={conversation} waited={waited} words={words} myId={myId} />
            {unread > 0 && (
              <span class="badge">
                <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
                <span class="hidden">{words.unread(unread)}</span>
              </span>
            )}
          </span>
          <TagLine tags={conversation.tags ?? []} more={words.moreTags} />
        </a>
      </li>
    );
  }
}

function OnlineDot({ online, words }: { online: boolean | null; words: AllWords }) {
  if (online === null) return <span class="dot" />;
  const text = online ? words.online : words.notOnline;
  return (
    <span class={online ? 'dot on' : 'dot'} title={text}>
      <span class="hidden">{text}</span>
    </span>
  );
}

interface StatusProps {
  conversation: Conversation;
  waited: string | null;
  words: AllWords;
  myId: string | null;
}

/** Waiting and for how long, whose, or ended. */
export function Status({ conversation, waited, words, myId }: StatusProps) {
  const { status, agent } = conversation;
  if (status === 'waiting') return <span class="status waiting">{waited ?? words.waiting}</span>;
  if (status === 'closed') return <span class="status closed">{words.closedStatus}</span>;
  if (agent === null) return <span class="status">{words.open}</span>;
  if (agent.id === myId) return <span class="status mine">{words.yours}</span>;
  return (
    <span class="status">
      <bdi>{agent.name ?? words.agent}</bdi>
    </span>
  );
}
