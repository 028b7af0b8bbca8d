// The conversation as a file of the customer's own: from a menu in the page's head, where it is in nobody's way.

import { signal } from '@preact/signals';
import { MoreIcon } from '../../shared/ui/icons';
import { locale } from '../../shared/ui/locale';
import { Menu } from '../../shared/ui/Menu';
import { eventLine, nameOf } from '../../shared/ui/names';
import { ask } from './api';
import type { ExtrasProps } from './Extras';
import { asHtml, asText, type Load, transcript, type Writer } from './transcript';
import { EXTRA_WORDS } from './words';

/** How it goes. */
const said = signal('');

export function SaveSaid() {
  return <p role="status">{said.value}</p>;
}

export function SaveMenu({ live, id }: ExtrasProps) {
  const chat = live.value;
  const extra = EXTRA_WORDS[locale.value.language];
  const { words } = locale.value;
  const load: Load = async after => {
    const path = `conversations/${id}/messages?after=${after}&limit=200`;
    const { ok, body } = await ask(path);
    if (!ok || !Array.isArray(body.messages)) return null;
    return { messages: body.messages, more: body.more === true };
  };
  const save = async (writer: Writer) => {
    said.value = extra.saving;
    const parts = await transcript(load, writer, {
      title: chat.business?.name ?? words.chatTitle,
      saved: extra.savedOn(locale.value.full(Date.now())),
      locale: locale.value,
      nameOf: message => (chat.isOwn(message) ? words.you : nameOf(message.from, words)),
      eventOf: message => {
        const by = chat.isOwn(message) ? words.you : nameOf(message.from, words);
        const agent = message.event?.agent ?? null;
        const name = agent && nameOf(agent, words);
        const line = message.event && eventLine(message.event, by, name, words, message.text);
        return line ?? message.text;
      },
    });
    said.value = parts === null ? extra.notSaved : '';
    if (parts === null) return;
    const url = URL.createObjectURL(new Blob(parts, { type: writer.type }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `chat-${id}.${writer.extension}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  if (chat.room === 'shared' || !chat.welcomed) return null;
  const item = (label: string, writer: Writer, shut: () => void) => (
    <li>
      <button
        type="button"
        class="menu-item"
        onClick={() => {
          shut();
          void save(writer);
        }}
      >
        {label}
      </button>
    </li>
  );
  return (
    <Menu
      label={
        <>
          <span class="hidden">{extra.more}</span>
          <MoreIcon />
        </>
      }
    >
      {shut => (
        <>
          {item(extra.saveText, asText, shut)}
          {item(extra.saveHtml, asHtml, shut)}
        </>
      )}
    </Menu>
  );
}
