// Who the customer of the open conversation is: a pane beside it where there is room, else a drawer
// over it, which fills a phone. Nothing here was verified but what the host site signed.

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Chat } from '../shared/core/chat';
import type { Conversation, WireError } from '../shared/core/wire';
import { CloseIcon } from '../shared/ui/icons';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { useModal } from '../shared/ui/useModal';
import { type CustomerDetails, type CustomerRecord, customerOf } from './customerApi';
import { detailsWords } from './detailsWords';
import { browserName } from './device';
import { brief, languageOf } from './formats';
import { Status } from './InboxRow';
import { LoadProblem } from './LoadProblem';
import { goTo } from './route';
import { Tags } from './Tags';
import { isWide } from './wide';

/** The drawer is open. */
export const drawerShown = signal(false);

interface DetailsProps {
  id: string;
  live: Live<Chat>;
}

export function Details({ id, live }: DetailsProps) {
  const words = detailsWords.value;
  if (isWide.value) {
    return (
      <section class="details" aria-label={words.details}>
        <h2>{words.details}</h2>
        <Body id={id} live={live} />
      </section>
    );
  }
  if (!drawerShown.value) return null;
  return (
    <Drawer>
      <Body id={id} live={live} />
    </Drawer>
  );
}

/** Opens the drawer, where there is no room for the pane. */
export function DetailsButton() {
  const words = detailsWords.value;
  if (isWide.value) return null;
  return (
    <button
      type="button"
      class="quiet"
      aria-haspopup="dialog"
      onClick={() => {
        drawerShown.value = true;
      }}
    >
      {words.details}
    </button>
  );
}

function Drawer({ children }: { children: ComponentChildren }) {
  const words = detailsWords.value;
  const shut = () => {
    drawerShown.value = false;
  };
  const modal = useModal(shut);
  // Going to another conversation, or back, is also going away from these details.
  useEffect(() => shut, []);
  return (
    <dialog
      {...modal}
      class="drawer details"
      aria-label={words.details}
      onPointerDown={event => {
        if (event.target === event.currentTarget) shut();
      }}
    >
      <div class="drawer-body">
        <header>
          <h2>{words.details}</h2>
          <button
            type="button"
            class="quiet"
            aria-label={words.shutDetails}
            title={words.shutDetails}
            onClick={shut}
          >
            <CloseIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

function Body({ id, live }: DetailsProps) {
  const words = detailsWords.value;
  const chat = live.value;
  const conversation = chat.directory.get(id);
  const [record, setRecord] = useState<CustomerRecord | null>(null);
  const [problem, setProblem] = useState<WireError | null>(null);
  const [tries, setTries] = useState(0);
  const online = chat.connection.phase === 'online';
  const name = conversation?.customer?.name ?? null;
  useEffect(() => {
    if (!online) return;
    let current = true;
    customerOf(id).then(({ ok, error }) => {
      if (!current) return;
      if (ok !== null) setRecord(ok);
      setProblem(error);
    });
    return () => {
      current = false;
    };
    // Whoever gives a name may have given more, and a new connection is a new chance for what failed.
  }, [id, online, name, tries]);

  return (
    <div class="details-body">
      {record === null && problem === null && (
        <p class="skeleton">
          <span class="hidden">{words.loading}</span>
          <span class="shape line" />
        </p>
      )}
      {record === null && problem !== null && (
        <LoadProblem why={locale.value.error(problem.code)} again={() => setTries(tries + 1)} />
      )}
      {record?.customer && <Facts customer={record.customer} />}
      <Tags id={id} live={live} />
      {record !== null && <Others record={record} myId={chat.me.id} />}
    </div>
  );
}

function Facts({ customer }: { customer: CustomerDetails }) {
  const words = detailsWords.value;
  const browser = browserName(customer.userAgent);
  const { createdAt } = customer;
  return (
    <>
      <dl class="fact-list">
        <Fact name={words.name}>
          {customer.name === null ? (
            <span class="absent">{words.noName}</span>
          ) : (
            <bdi>{customer.name}</bdi>
          )}
        </Fact>
        {customer.email !== null && (
          <Fact name={words.email}>
            <EmailLink address={customer.email} />
          </Fact>
        )}
        {customer.externalId !== null && (
          <Fact name={words.externalId}>
            <bdi>{customer.externalId}</bdi>
          </Fact>
        )}
        {customer.page !== null && (
          <Fact name={words.page}>
            <PageLink address={customer.page} />
          </Fact>
        )}
        {customer.language !== null && (
          <Fact name={words.language}>{languageOf(customer.language, locale.value)}</Fact>
        )}
        {browser !== null && (
          <Fact name={words.browser}>
            <bdi title={customer.userAgent ?? undefined}>{browser}</bdi>
          </Fact>
        )}
        {!Number.isNaN(createdAt) && (
          <Fact name={words.firstSeen}>
            <time dateTime={new Date(createdAt).toISOString()} title={locale.value.full(createdAt)}>
              {brief(createdAt, Date.now(), locale.value)}
            </time>
          </Fact>
        )}
      </dl>
      {customer.attributes.length > 0 && (
        <>
          <h3>{words.attributes}</h3>
          <dl class="fact-list">
            {customer.attributes.map(([name, value]) => (
              <Fact key={name} name={<bdi>{name}</bdi>}>
                <bdi>{value}</bdi>
              </Fact>
            ))}
          </dl>
        </>
      )}
    </>
  );
}

function Fact({ name, children }: { name: ComponentChildren; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The page comes from the customer's browser, so only a web address becomes a link. */
function PageLink({ address }: { address: string }) {
  if (!/^https?:\/\//i.test(address)) return <bdi>{address}</bdi>;
  return (
    <a href={address} target="_blank" rel="noopener noreferrer nofollow" dir="ltr" title={address}>
      {address.replace(/^https?:\/\//i, '')}
    </a>
  );
}

/** Only what is an address and nothing else: a mailto link could carry more than one. */
function EmailLink({ address }: { address: string }) {
  if (!/^[^\s@?&,;:<>"]+@[^\s@?&,;:<>"]+$/.test(address)) return <bdi>{address}</bdi>;
  return (
    <a href={`mailto:${encodeURIComponent(address).replace('%40', '@')}`} dir="ltr">
      {address}
    </a>
  );
}

function Others({ record, myId }: { record: CustomerRecord; myId: string | null }) {
  const words = detailsWords.value;
  if (record.customer === null) return null;
  return (
    <>
      <h3>{words.others}</h3>
      {record.others.length === 0 && <p class="absent">{words.noOthers}</p>}
      <ul class="others">
        {record.others.map(other => (
          <li key={other.id}>
            <Other conversation={other} myId={myId} />
          </li>
        ))}
      </ul>
      {record.more && <p class="absent">{words.moreOthers}</p>}
    </>
  );
}

function Other({ conversation, myId }: { conversation: Conversation; myId: string | null }) {
  const words = detailsWords.value;
  const at = Date.parse(conversation.last_message_at);
  const text = conversation.last_message?.text ?? words.noMessagesYet;
  return (
    <a
      class="earlier"
      href={`#${encodeURIComponent(conversation.id)}`}
      onClick={event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        goTo(conversation.id);
      }}
    >
      <span class="preview" dir="auto">
        {text.slice(0, 200)}
      </span>
      <span class="line-two">
        <time dateTime={conversation.last_message_at} title={locale.value.full(at)}>
          {brief(at, Date.now(), locale.value)}
        </time>
        <Status conversation={conversation} waited={null} words={words} myId={myId} />
      </span>
    </a>
  );
}
