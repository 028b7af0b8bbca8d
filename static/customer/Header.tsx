// Who the customer writes to, and whether anybody is there to answer.

import type { Chat } from '../shared/core/chat';
import { LanguageSwitch } from '../shared/ui/LanguageSwitch';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { extras } from './later';

interface HeaderProps {
  live: Live<Chat>;
  /** The conversation, once there is one. */
  id: string | null;
}

export function Header({ live, id }: HeaderProps) {
  const chat = live.value;
  const { words } = locale.value;
  const { business, connection } = chat;
  const beside = extras.value;
  return (
    <header>
      {business?.logo && <img class="logo" src={business.logo} alt="" />}
      {/* What the business is called is known a moment after the page is. */}
      <div class={business ? 'who' : 'who skeleton'}>
        <h1 dir="auto">{business?.name ?? words.chatTitle}</h1>
        {connection.phase === 'online' && <Availability live={live} />}
      </div>
      <LanguageSwitch />
      {beside !== null && id !== null && <beside.SaveMenu live={live} id={id} />}
    </header>
  );
}

/** In words. Outside its hours a business is closed, whoever happens to be there. */
function Availability({ live }: { live: Live<Chat> }) {
  const chat = live.value;
  const { words, language, duration, when } = locale.value;
  const { business } = chat;
  if (!business) return null;
  const here = business.open && chat.agents.size > 0;
  const { opensAt, replyMinutes } = business;
  const reply =
    business.replyText[language] || (replyMinutes ? words.replyWithin(duration(replyMinutes)) : '');
  const closed =
    business.closedText[language] ||
    (opensAt === null ? words.deskClosed : words.deskClosedUntil(when(opensAt)));
  return (
    <p class="availability">
      <span class={here ? 'dot on' : 'dot'} aria-hidden="true" />
      <span dir="auto">
        {!business.open ? closed : !here ? words.deskAway : reply || words.deskHere}
      </span>
    </p>
  );
}
