// The messages of one conversation, newest at the end: the list itself, its pill, and what stands
// there instead while it is empty, loading or failed.

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Row } from '../core/rows';
import { adopt } from './adopt';
import { DownIcon } from './icons';
import css from './list.css?inline';
import { locale } from './locale';
import { MessageItem, type RowActions } from './MessageItem';
import { Skeleton } from './Skeleton';
import { type Aim, useScroll } from './useScroll';
import { LIST_WORDS } from './words';

adopt(css);

interface MessageListProps {
  label: string;
  rows: readonly Row[];
  actions: RowActions;
  /** Null when there is nothing older, or it cannot be asked for now. */
  loadOlder: (() => void) | null;
  loading: boolean;
  /** Null when nothing failed. */
  retryLoad: (() => void) | null;
  /** Shown where there is no message. */
  empty: ComponentChildren;
  typing: string;
  /** The row to go to. */
  aim?: Aim | null;
  /** Whether the reader is at the end now. */
  atEnd: (atEnd: boolean) => void;
}

export function MessageList(props: MessageListProps) {
  const { label, rows, actions, loadOlder, loading, retryLoad, empty, typing, atEnd } = props;
  const { aim = null } = props;
  const { words, language } = locale.value;
  const said = LIST_WORDS[language];
  const scroll = useScroll(rows, retryLoad === null && !loading ? loadOlder : null, aim);
  const away = !scroll.following;
  const today = new Date().toDateString();

  useEffect(() => atEnd(scroll.atEnd), [scroll.atEnd]);

  return (
    <div class="messages">
      <div class="list">
        <div
          ref={scroll.list}
          class="scroll"
          role="log"
          aria-label={label}
          aria-relevant="additions"
          aria-busy={loading}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region needs the keyboard
          tabIndex={0}
          onScroll={scroll.onScroll}
        >
          <div ref={scroll.content} class="rows">
            {loading && rows.length > 0 && (
              <p class="older" key="older">
                {said.loadingOlder}
              </p>
            )}
            {rows.slice(scroll.start, scroll.end).map(row => (
              <MessageItem
                key={row.key}
                row={row}
                locale={locale.value}
                actions={actions}
                today={today}
                marked={row.key === scroll.marked}
              />
            ))}
            {rows.length === 0 && !loading && retryLoad === null && empty}
            {rows.length === 0 && loading && <Skeleton />}
          </div>
        </div>
        {away && (
          <button
            type="button"
            class={scroll.unseen > 0 ? 'pill unseen' : 'pill'}
            onClick={scroll.toEnd}
            aria-label={scroll.unseen > 0 ? undefined : said.toNewest}
          >
            <DownIcon />
            {scroll.unseen > 0 && said.newMessages(scroll.unseen)}
          </button>
        )}
      </div>
      {retryLoad !== null && (
        <div class="load-problem" role="alert">
          {words.couldNotLoad}{' '}
          <button type="button" class="link" onClick={retryLoad}>
            {words.tryAgain}
          </button>
        </div>
      )}
      <p class="typing">{typing}</p>
    </div>
  );
}
