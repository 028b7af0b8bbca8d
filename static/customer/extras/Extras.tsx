// What a customer may do beside writing: say who they are, say how it was, keep the conversation. Loaded
// when there is a conversation, as none of it is there before.

import type { Chat } from '../../shared/core/chat';
import type { Live } from '../../shared/ui/live';
import { Contact } from './Contact';
import { Rating } from './Rating';
import { Save } from './Save';

export interface ExtrasProps {
  live: Live<Chat>;
  /** The conversation. */
  id: string;
}

export default function Extras({ live, id }: ExtrasProps) {
  const chat = live.value;
  const isEnded = chat.directory.get(id)?.status === 'closed';
  if (chat.room === 'shared' || !chat.welcomed) return null;
  return (
    <div class="extras">
      {isEnded && chat.business?.asksRating && <Rating key={id} live={live} id={id} />}
      {!isEnded && chat.business?.asksContact && <Contact live={live} />}
      <Save live={live} id={id} />
    </div>
  );
}
