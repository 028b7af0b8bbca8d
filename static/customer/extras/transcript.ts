// A conversation as a file, as its customer may see it: page by page from the server, so that its length
// costs neither side memory beyond the file itself.

import type { Locale } from '../../shared/core/i18n';
import { type Message, readMessage } from '../../shared/core/wire';

export interface Transcript {
  readonly title: string;
  readonly saved: string;
  readonly locale: Locale;
  readonly nameOf: (message: Message) => string;
  /** What happened, of an event. */
  readonly eventOf: (message: Message) => string;
}

/** The page after a message; null where it cannot be had. */
export type Load = (
  after: number,
) => Promise<{ messages: readonly unknown[]; more: boolean } | null>;

export async function transcript(
  load: Load,
  write: Writer,
  about: Transcript,
): Promise<string[] | null> {
  const parts = [write.head(about)];
  for (let after = 0; ; ) {
    const page = await load(after);
    if (page === null) return null;
    const messages = page.messages.map(readMessage).filter(message => message !== null);
    parts.push(messages.map(message => write.row(message, about)).join(''));
    const last = messages.at(-1);
    if (!page.more || last === undefined) break;
    after = last.seq;
  }
  parts.push(write.foot);
  return parts;
}

export interface Writer {
  readonly type: string;
  readonly extension: string;
  readonly head: (about: Transcript) => string;
  readonly row: (message: Message, about: Transcript) => string;
  readonly foot: string;
}

/** A file is its name here: the file itself is one's own or has been fetched. */
const words = ({ file, text }: Message) =>
  [file && `[${file.name}]`, text].filter(Boolean).join(' ');

const at = (message: Message, { locale }: Transcript) => locale.full(Date.parse(message.sent_at));

export const asText: Writer = {
  type: 'text/plain;charset=utf-8',
  extension: 'txt',
  // So that programs that guess take it for UTF-8.
  head: ({ title, saved }) => `\ufeff${title}\n${saved}\n\n`,
  row: (message, about) =>
    message.kind === 'event'
      ? `[${at(message, about)}] * ${about.eventOf(message)}\n`
      : `[${at(message, about)}] ${about.nameOf(message)}: ${words(message)}\n`,
  foot: '',
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string) => text.replace(/[&<>"']/g, character => ENTITIES[character] ?? '');

export const asHtml: Writer = {
  type: 'text/html;charset=utf-8',
  extension: 'html',
  head: ({ title, saved, locale }) => `<!doctype html>
<html lang="${locale.tag}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif }
p { margin: .75rem 0; white-space: pre-wrap; overflow-wrap: anywhere }
time, .event { opacity: .75; font-size: .875em }
</style>
<h1 dir="auto">${escaped(title)}</h1>
<p>${escaped(saved)}</p>
`,
  row: (message, about) => {
    const time = `<time datetime="${escaped(message.sent_at)}">${escaped(at(message, about))}</time>`;
    return message.kind === 'event'
      ? `<p class="event" dir="auto">${escaped(about.eventOf(message))} ${time}</p>\n`
      : `<p dir="auto"><b>${escaped(about.nameOf(message))}</b> ${time}\n${escaped(words(message))}</p>\n`;
  },
  foot: '</html>\n',
};
