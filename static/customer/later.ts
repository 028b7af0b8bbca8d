// The parts of the page that nobody needs at first sight: the list of messages, fetched while the
// connection is being opened, and all others, as soon as the browser has nothing else to do. So they are
// there when they are wanted, though the server may be away by then.

import { signal } from '@preact/signals';
import { LANGUAGES } from '../shared/core/i18n';
import { bringErrors, needWords } from '../shared/core/i18n/words';
import { insist } from '../shared/insist';
import { loadFiles } from '../shared/ui/files';
import { renewLocale } from '../shared/ui/locale';

/** The list of messages; null until it is here. */
export const talk = signal<typeof import('./Talk') | null>(null);

/** What there is beside a conversation; null until it is here. */
export const extras = signal<typeof import('./extras/Extras') | null>(null);

const ERRORS = {
  en: () => import('../shared/core/i18n/errors.en').then(({ en }) => en),
  zh: () => import('../shared/core/i18n/errors.zh').then(({ zh }) => zh),
};

export const loadIdentity = () => insist(() => import('./identity'));

/** Safari has no `requestIdleCallback`. */
const whenIdle: (task: () => void) => unknown = window.requestIdleCallback ?? setTimeout;

export function loadTalk(): void {
  void insist(() => import('./Talk')).then(loaded => {
    talk.value = loaded;
  });
}

export function loadLater(): void {
  whenIdle(() => {
    void insist(() => import('./extras/Extras')).then(loaded => {
      extras.value = loaded;
    });
    void loadFiles();
    for (const language of LANGUAGES) {
      void needWords(language);
      void insist(ERRORS[language]).then(all => {
        bringErrors(language, all);
        renewLocale();
      });
    }
    void loadIdentity();
  });
}
