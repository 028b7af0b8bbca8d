// Tells the agent of what calls for them: sound, a notice of the desktop, the count on title and icon.

import { useEffect, useRef } from 'preact/hooks';
import { attention } from '../../shared/browser';
import type { Chat } from '../../shared/core/chat';
import { goTo, openId } from '../route';
import { titleOf } from '../titleOf';
import { alertWords } from './alertWords';
import { showCount } from './badge';
import { choices } from './choices';
import { countOf, type Demand, demands, type Stands, someoneWaits, stands } from './demands';
import { show, watchDesktop } from './desktop';
import { play, watchSound } from './sound';
import { isSpeaker, watchTabs } from './speaker';

/** How often the sound comes again while somebody waits. */
const REPEAT_MS = 30_000;

export function useAlerts(chat: Chat): void {
  const list = chat.directory.list;
  const myId = chat.me.id;
  const before = useRef<Stands | null>(null);

  useEffect(() => {
    const forget = [watchSound(), watchDesktop(), watchTabs()];
    return () => {
      for (const one of forget) one();
      showCount(0);
    };
  }, []);

  useEffect(() => {
    if (!chat.welcomed) return;
    showCount(countOf(list, myId));
    const known = before.current;
    before.current = stands(list, myId);
    // What was there already when the agent came is in front of them.
    if (known === null) return;
    const news = demands(known, list, myId).filter(isUnseen);
    if (news.length === 0) return;
    if (choices.value.sound && isSpeaker()) play();
    if (choices.value.desktop && !attention.value) for (const one of news) tell(one);
  }, [list, myId, chat.welcomed]);

  const waits = someoneWaits(list);
  const { sound, repeat } = choices.value;
  useEffect(() => {
    if (!waits || !sound || !repeat) return;
    const timer = setInterval(() => {
      // As it is now, which may not have been rendered yet.
      if (isSpeaker() && someoneWaits(chat.directory.list)) play();
    }, REPEAT_MS);
    return () => clearInterval(timer);
  }, [waits, sound, repeat]);
}

/** Not what the agent is looking at. */
function isUnseen({ conversation }: Demand): boolean {
  return !(attention.value && openId.value === conversation.id);
}

function tell({ conversation, why }: Demand): void {
  const words = alertWords.value;
  const text = conversation.last_message?.text.slice(0, 200) ?? '';
  const lead = { waiting: words.isWaiting, written: null, handed: words.wasHanded }[why];
  show({
    title: titleOf(conversation, words),
    text: lead === null ? text : text === '' ? lead : `${lead}\n${text}`,
    tag: `kefu.${conversation.id}`,
    chosen: () => goTo(conversation.id),
  });
}
