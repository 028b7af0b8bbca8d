// Whether an agent is available or away: one's own switch, and the mark beside others' names.

import type { Chat } from '../shared/core/chat';
import { MYSELF } from '../shared/core/deeds';
import type { Presence } from '../shared/core/wire';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { presenceWords } from './presenceWords';

export function Availability({ live }: { live: Live<Chat> }) {
  const words = presenceWords.value;
  const chat = live.value;
  const { deeds } = chat;
  const away = isAway(chat);
  const disabled = chat.connection.phase !== 'online' || deeds?.busy(MYSELF) === true;
  const set = (wanted: boolean) => {
    // Not `disabled`, which would take the focus away.
    if (!disabled && wanted !== away) deeds?.setAway(wanted);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="availability" role="group" aria-label={words.myStatus}>
      <button
        type="button"
        title={words.available}
        aria-pressed={!away}
        aria-disabled={disabled}
        onClick={() => set(false)}
      >
        <span class="dot on" aria-hidden="true" />
        <span class={away ? 'hidden' : undefined}>{words.available}</span>
      </button>
      <button
        type="button"
        title={words.away}
        aria-pressed={away}
        aria-disabled={disabled}
        onClick={() => set(true)}
      >
        <span class="dot away" aria-hidden="true" />
        <span class={away ? undefined : 'hidden'}>{words.away}</span>
      </button>
    </div>
  );
}

/** What being away means, while one is, and why the switch did not work. */
export function AvailabilityNews({ live }: { live: Live<Chat> }) {
  const chat = live.value;
  const problem = chat.deeds?.problem(MYSELF) ?? null;
  return (
    <>
      <p class="away-hint" role="status">
        {isAway(chat) ? presenceWords.value.awayHint : ''}
      </p>
      <p class="staff-problem" role="alert">
        {problem === null ? '' : locale.value.error(problem)}
      </p>
    </>
  );
}

const isAway = (chat: Chat) => chat.colleagues.get(chat.me.id ?? '')?.away === true;

/** Says of an agent that they are away or not there; nothing of one who is available. */
export function PresenceMark({ of }: { of: Presence }) {
  const words = presenceWords.value;
  if (of.online && !of.away) return null;
  return <span class="mark away">{of.online ? words.away : words.offline}</span>;
}

const rank = (one: Presence) => (one.online ? Number(one.away) : 2);

/** Those who are available first, then those who are away, then those who are not there. */
export function byPresence(people: Iterable<Presence>): Presence[] {
  return [...people].sort((a, b) => rank(a) - rank(b));
}
