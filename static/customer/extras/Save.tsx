// The conversation as a file of the customer's own.

import { useState } from 'preact/hooks';
import { locale } from '../../shared/ui/locale';
import { eventLine, nameOf } from '../../shared/ui/names';
import { ask } from './api';
import type { ExtrasProps } from './Extras';
import { asHtml, asText, type Load, transcript, type Writer } from './transcript';
import { EXTRA_WORDS } from './words';

export function Save({ live, id }: ExtrasProps) {
  const chat = live.value;
  const extra = EXTRA_WORDS[locale.value.language];
  const { words } = locale.value;
  const [said, setSaid] = useState('');
  const load: Load = async after => {
    const path = `conversations/${id}/messages?after=${after}&limit=200`;
    const { ok, body } = await ask(path);
    if (!ok || !Array.isArray(body.messages)) return null;
    return { messages: body.messages, more: body.more === true };
  };
  const save = async (writer: Writer) => {
    setSaid(extra.saving);
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
    setSaid(parts === null ? extra.notSaved : '');
    if (parts === null) return;
    const url = URL.createObjectURL(new Blob(parts, { type: writer.type }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `chat-${id}.${writer.extension}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return (
    <>
      <p class="save">
        {extra.save}:{' '}
        <button type="button" class="link" onClick={() => save(asText)}>
          {extra.asText}
        </button>
        <button type="button" class="link" onClick={() => save(asHtml)}>
          {extra.asHtml}
        </button>
      </p>
      <p role="status">{said}</p>
    </>
  );
}
