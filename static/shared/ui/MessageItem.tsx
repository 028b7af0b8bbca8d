// One row of a message list. Rows are built anew at every change, so an equal one is not
// rendered again.

import { Component } from 'preact';
import type { Chat } from '../core/chat';
import type { Locale } from '../core/i18n';
import { splitLinks } from '../core/links';
import type { EventRow, MessageRow, Row } from '../core/rows';
import type { Person } from '../core/wire';
import { Countdown } from './Countdown';
import { filesUi, loadFiles } from './files';
import { LockIcon, WarningIcon } from './icons';
import { eventLine } from './names';
import { LIST_WORDS } from './words';

export interface RowActions {
  chat: Chat;
  retry: (clientId: string) => void;
  remove: (clientId: string) => void;
  nameOf: (person: Person) => string;
}

/** What a row can ask for, but for names. */
export function rowActions(chat: Chat): Omit<RowActions, 'nameOf'> {
  const uploads = () => filesUi.value?.uploadsOf(chat);
  return {
    chat,
    retry: clientId => (uploads() ?? chat.outbox).retry(clientId),
    remove: clientId => (uploads() ?? chat.outbox).remove(clientId),
  };
}

interface ItemProps {
  row: Row;
  locale: Locale;
  actions: RowActions;
  /** Changes at midnight, when "Today" becomes "Yesterday". */
  today: string;
  /** Somebody has just gone to it. */
  marked: boolean;
}

export class MessageItem extends Component<ItemProps> {
  override shouldComponentUpdate(next: ItemProps): boolean {
    const { row, locale, actions, today, marked } = this.props;
    if (next.locale !== locale || next.actions !== actions || next.today !== today) return true;
    return next.marked !== marked || !equal(row, next.row);
  }

  override render({ row, locale, actions, marked }: ItemProps) {
    switch (row.kind) {
      case 'day':
        return (
          <div class="row day" data-key={row.key}>
            <h2>
              <time dateTime={iso(row.at)?.slice(0, 10)}>{locale.day(row.at, Date.now())}</time>
            </h2>
          </div>
        );
      case 'event':
        return (
          <div class={marked ? 'row event marked' : 'row event'} data-key={row.key}>
            <span dir="auto">{eventText(row, locale, actions)}</span>{' '}
            <Time at={row.at} locale={locale} />
          </div>
        );
      case 'message':
        return <Bubble row={row} locale={locale} actions={actions} marked={marked} />;
    }
  }
}

function eventText(row: EventRow, { words }: Locale, actions: RowActions): string {
  if (row.event === null) return row.text;
  const by = row.own && row.from.role === 'customer' ? words.you : actions.nameOf(row.from);
  const { agent } = row.event;
  return eventLine(row.event, by, agent && actions.nameOf(agent), words, row.text) ?? row.text;
}

function Bubble({
  row,
  locale,
  actions,
  marked,
}: {
  row: MessageRow;
  locale: Locale;
  actions: RowActions;
  marked: boolean;
}) {
  const { words } = locale;
  const name = row.own || row.from === null ? words.you : actions.nameOf(row.from);
  const classes = ['row', 'message', row.side, row.own ? 'own' : 'other'];
  if (row.first) classes.push('first');
  if (row.last) classes.push('last');
  if (row.note) classes.push('note');
  if (row.state === 'failed') classes.push('failed');
  if (marked) classes.push('marked');
  return (
    <div class={classes.join(' ')} data-key={row.key}>
      {row.first && !row.own ? (
        <p class="name">
          <bdi>{name}</bdi>
          <span class="hidden">{words.said('')}</span>
        </p>
      ) : (
        <span class="hidden">{words.said(name)} </span>
      )}
      <div class="bubble">
        {row.note && (
          <span class="note-mark">
            <LockIcon />
            <span class="hidden">{words.noteSaid}</span>
          </span>
        )}
        {row.file !== null && <FileSlot row={row} chat={actions.chat} />}
        {row.text !== '' && (
          <p dir="auto">
            <Text text={row.text} />
          </p>
        )}
      </div>
      <Meta row={row} locale={locale} actions={actions} />
    </div>
  );
}

/** The file of a message; its name alone until that which shows it is here. */
function FileSlot({ row, chat }: { row: MessageRow; chat: Chat }) {
  const ui = filesUi.value;
  if (ui !== null) return <ui.FileView row={row} chat={chat} />;
  void loadFiles();
  return <p dir="auto">{row.file?.name}</p>;
}

function Meta({ row, locale, actions }: { row: MessageRow; locale: Locale; actions: RowActions }) {
  const { words } = locale;
  const said = LIST_WORDS[locale.language];
  const { clientId } = row;
  if (row.state === 'failed' && clientId !== null) {
    return (
      <div class="meta problem">
        <span class="problem-text">
          <WarningIcon />
          {said.notSent(
            (row.file !== null && filesUi.value?.fileError(row.error)) || locale.error(row.error),
          )}
        </span>
        {row.error !== 'file_lost' && (
          <button type="button" class="link" onClick={() => actions.retry(clientId)}>
            {words.tryAgain}
          </button>
        )}
        <button type="button" class="link" onClick={() => actions.remove(clientId)}>
          {words.remove}
        </button>
      </div>
    );
  }
  if (!row.last && row.state === null) return null;
  const states = {
    uploading: said.sending,
    waiting: said.waitingToSend,
    sending: said.sending,
    sent: said.sent,
    read: said.read,
    failed: '',
  };
  return (
    <div class="meta">
      {row.last && <Time at={row.at} locale={locale} />}
      {row.state !== null && (
        <span class={`state ${row.state}`}>
          {row.retryAt === null ? states[row.state] : said.tooFast}
          {row.retryAt !== null && <Countdown until={row.retryAt} />}
        </span>
      )}
    </div>
  );
}

function Time({ at, locale }: { at: number; locale: Locale }) {
  return (
    <time dateTime={iso(at)} title={locale.full(at)}>
      {locale.time(at)}
    </time>
  );
}

function Text({ text }: { text: string }) {
  return (
    <>
      {splitLinks(text).map(piece =>
        piece.href === null ? (
          piece.text
        ) : (
          <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow" dir="ltr">
            {piece.text}
          </a>
        ),
      )}
    </>
  );
}

function iso(at: number): string | undefined {
  return Number.isFinite(at) ? new Date(at).toISOString() : undefined;
}

function equal(a: Row, b: Row): boolean {
  if (a.kind !== b.kind) return false;
  return (Object.keys(a) as (keyof Row)[]).every(key => a[key] === b[key]);
}
