// What can be done to the open conversation: take, transfer, back to the queue, end, reopen.

import { signal } from '@preact/signals';
import type { Chat } from '../shared/core/chat';
import type { Conversation } from '../shared/core/wire';
import type { Live } from '../shared/ui/live';
import { Menu } from '../shared/ui/Menu';
import { nameOf } from '../shared/ui/names';
import { byPresence, PresenceMark } from './Availability';
import { blocking } from './BlockDialog';
import { blockWords } from './blockWords';
import { consoleWords } from './consoleWords';
import { Dialog } from './Dialog';
import { isMine } from './mine';

/** The conversation that somebody wants to end, while they are asked whether. */
export const ending = signal<string | null>(null);

/** Mine, nobody's, or I may do with others' as with mine. */
export function mayHandle(conversation: Conversation, chat: Chat): boolean {
  const isSupervisor = chat.me.role === 'supervisor' || chat.me.role === 'admin';
  return conversation.status === 'waiting' || isMine(conversation, chat.me.id) || isSupervisor;
}

interface ActionsProps {
  conversation: Conversation;
  live: Live<Chat>;
}

export function Actions({ conversation, live }: ActionsProps) {
  const chat = live.value;
  const words = consoleWords.value;
  const { id, status } = conversation;
  // Everybody's conversation is nobody's.
  if (conversation.customer === null) return null;
  const busy = chat.deeds?.busy(id) || chat.connection.phase !== 'online';
  const may = mayHandle(conversation, chat);
  const mine = isMine(conversation, chat.me.id);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="actions" role="group" aria-label={words.actions}>
      {status === 'waiting' && (
        <button
          type="button"
          class="primary small"
          disabled={busy}
          onClick={() => chat.deeds?.do(id, 'take')}
        >
          {words.take}
        </button>
      )}
      {status === 'open' && !mine && may && (
        <button
          type="button"
          class="quiet"
          disabled={busy}
          onClick={() => chat.deeds?.do(id, 'transfer', chat.me.id)}
        >
          {words.takeOver}
        </button>
      )}
      {status !== 'closed' && may && (
        <Transfer conversation={conversation} live={live} busy={busy} />
      )}
      {status !== 'closed' && may && (
        <button
          type="button"
          class="quiet"
          disabled={busy}
          onClick={() => {
            ending.value = id;
          }}
        >
          {words.close}
        </button>
      )}
      {status === 'closed' && (
        <button
          type="button"
          class="primary small"
          disabled={busy}
          onClick={() => chat.deeds?.do(id, 'reopen')}
        >
          {words.reopen}
        </button>
      )}
      <Menu label={blockWords.value.more}>
        {shut => (
          <li>
            <button
              type="button"
              class="menu-item"
              onClick={() => {
                shut();
                blocking.value = conversation;
              }}
            >
              {blockWords.value.blockCustomer}
            </button>
          </li>
        )}
      </Menu>
    </div>
  );
}

/** A menu of the agents, those who are available first, and the queue. */
function Transfer({ conversation, live, busy }: ActionsProps & { busy: boolean }) {
  const chat = live.value;
  const words = consoleWords.value;
  const { id, status, agent: holder } = conversation;
  const others = byPresence(chat.colleagues.values()).filter(
    agent => agent.id !== chat.me.id && (status === 'waiting' || agent.id !== holder?.id),
  );
  if (others.length === 0 && status === 'waiting') return null;
  return (
    <Menu label={words.transfer}>
      {shut => {
        const to = (agent: string | null) => {
          shut();
          chat.deeds?.do(id, 'transfer', agent);
        };
        return (
          <>
            {others.map(agent => (
              <li key={agent.id}>
                <button
                  type="button"
                  class="menu-item"
                  disabled={busy}
                  onClick={() => to(agent.id)}
                >
                  <bdi>{words.transferTo(nameOf(agent, words))}</bdi>
                  <PresenceMark of={agent} />
                </button>
              </li>
            ))}
            {status === 'open' && (
              <li>
                <button type="button" class="menu-item" disabled={busy} onClick={() => to(null)}>
                  {words.backToQueue}
                </button>
              </li>
            )}
          </>
        );
      }}
    </Menu>
  );
}

/** Asks before a conversation is ended. */
export function AskToEnd({ chat }: { chat: Chat }) {
  const words = consoleWords.value;
  const id = ending.value;
  if (id === null) return null;
  return (
    <Dialog
      title={words.closeAsk}
      closed={() => {
        ending.value = null;
      }}
    >
      <p>{words.closeAskMore}</p>
      <form method="dialog" class="choices">
        <button type="submit" class="quiet">
          {words.cancel}
        </button>
        <button type="submit" class="primary" onClick={() => chat.deeds?.do(id, 'close')}>
          {words.close}
        </button>
      </form>
    </Dialog>
  );
}
