// A transcript holds everything that the customer may see, once, and nothing of it is markup.

import { expect, it } from 'vitest';
import { Locale } from '../../shared/core/i18n';
import '../../shared/core/i18n/testing';
import { message } from '../../shared/core/testing';
import { asHtml, asText, type Load, transcript } from './transcript';

const about = {
  title: 'Tea & <Co>',
  saved: 'Saved now',
  locale: new Locale('en'),
  nameOf: () => 'Li <Wei>',
  eventOf: () => 'Li Wei joined',
};

const SIZE = 450;
const asked: number[] = [];
const load: Load = after => {
  asked.push(after);
  const all = Array.from({ length: SIZE }, (_, n) => message(n + 1)).filter(m => m.seq > after);
  return Promise.resolve({ messages: all.slice(0, 200), more: all.length > 200 });
};

it('comes page by page, whole and in order', async () => {
  const parts = await transcript(load, asText, about);
  const text = parts?.join('') ?? '';
  const found = [...text.matchAll(/: message (\d+)\n/g)].map(([, n]) => Number(n));
  expect(found).toEqual(Array.from({ length: SIZE }, (_, n) => n + 1));
  expect(asked).toEqual([0, 200, 400]);
});

it('is not there at all where a page is missing', async () => {
  const broken: Load = after => (after === 0 ? load(after) : Promise.resolve(null));
  expect(await transcript(broken, asText, about)).toBeNull();
});

it('lets nothing that anybody wrote become HTML', async () => {
  const evil = message(1, { text: `<script>alert('"&')</script>` });
  const event = message(2, { kind: 'event' });
  const page: Load = () => Promise.resolve({ messages: [evil, event], more: false });
  const html = (await transcript(page, asHtml, about))?.join('') ?? '';
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;');
  expect(html).toContain('<title>Tea &amp; &lt;Co&gt;</title>');
  expect(html).toContain('<b>Li &lt;Wei&gt;</b>');
  expect(html).toContain('Li Wei joined');
});
