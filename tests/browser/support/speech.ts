// Everything that a page says in its own words: what is seen, and what a screen reader adds. Not
// what people wrote, nor names of people and things.

import type { Page } from '@playwright/test';

export async function speech(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    // Messages and their previews, people's names, addresses, and what is in another language on
    // purpose and says so.
    const foreign =
      'script, style, noscript, .bubble, .preview, .excerpt, .reply-text, .sheet, bdi, a[href^="http"], ' +
      'body [lang], textarea, datalist';
    const said: string[] = [document.title];
    const say = (text: string | null | undefined) => {
      const words = text?.trim();
      if (words) said.push(words);
    };
    const walk = (element: Element) => {
      const isForeign = element.matches(foreign);
      for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-description']) {
        const isOurs = !isForeign || (element.matches('textarea') && name !== 'title');
        if (isOurs) say(element.getAttribute(name));
      }
      if (isForeign) return;
      for (const node of element.childNodes) {
        if (node instanceof Text) say(node.data);
        else if (node instanceof Element) walk(node);
      }
    };
    walk(document.body);
    return said;
  });
}
