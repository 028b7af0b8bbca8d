// What a customer may do beside writing: say who they are, say how it was, keep the conversation. Loaded
// after the page (later.ts), with its styles.

import type { Chat } from '../../shared/core/chat';
import { adopt } from '../../shared/ui/adopt';
import type { Live } from '../../shared/ui/live';
import { Contact } from './Contact';
import css from './extras.css?inline';
import { Rating } from './Rating';
import { SaveSaid } from './Save';

adopt(css);

export { SaveMenu } from './Save';

export interface ExtrasProps {
  live: Live<Chat>;
  /** The conversation. */
  id: string;
}

export function Extras({ live, id }: ExtrasProps) {
  const chat = live.value;
  const isEnded = chat.directory.get(id)?.status === 'closed';
  if (chat.room === 'shared' || !chat.welcomed) return null;
  return (
    <div class="extras">
      {isEnded && chat.business?.asksRating && <Rating key={id} live={live} id={id} />}
      {!isEnded && chat.business?.asksContact && <Contact live={live} />}
      <SaveSaid />
    </div>
  );
}
