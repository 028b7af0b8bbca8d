// The first of the customer's page to run: begins to fetch the words of the page's language, and no
// other's, while the page itself is still on its way (the HTML asks for it ahead).

import '../shared/ui/theme.css';
import '../shared/ui/messages.css';
import './customer.css';
import { chooseLanguage } from '../shared/core/i18n/choose';
import { needWords, wordsComeBy } from '../shared/core/i18n/words';
import { insist } from '../shared/insist';
import { localStore } from '../shared/stores';

const WORDS = {
  en: () => import('../shared/core/i18n/en').then(({ en }) => en),
  zh: () => import('../shared/core/i18n/zh').then(({ zh }) => zh),
};

wordsComeBy(language => insist(WORDS[language]));
void needWords(chooseLanguage(localStore, navigator.languages));
void insist(() => import('./page'));
