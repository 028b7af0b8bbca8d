// The customer's page: one conversation with the business, no account and no form.

import { render } from 'preact';
import {
  browserOnline,
  clock,
  fitVisualViewport,
  openSocket,
  randomBytes,
  watchAttention,
  watchNetwork,
} from '../shared/browser';
import { Chat } from '../shared/core/chat';
import { needWords } from '../shared/core/i18n/words';
import { tabStore } from '../shared/stores';
import { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { CustomerPage } from './CustomerPage';
import { loadIdentity, loadLater, loadTalk } from './later';
import { isNew, token } from './token';

const live = new Live(
  changed =>
    new Chat({
      side: 'customer',
      token,
      // Without its query and fragment, which may hold secrets of the shop's.
      page: (location.origin + location.pathname).slice(0, 2000),
      language: navigator.language.slice(0, 35),
      outboxKey: () => 'kefu.outbox.customer',
      clock,
      random: Math.random,
      randomBytes,
      open: openSocket,
      tabStore,
      browserOnline,
      changed,
    }),
);

watchAttention();
watchNetwork(live.value.connection);
fitVisualViewport();
live.value.connection.start();
loadTalk();
// They are on their way already.
void needWords(locale.peek().language).then(() => {
  render(
    <CustomerPage live={live} isNew={isNew} />,
    document.getElementById('page') ?? document.body,
  );
  loadLater();
});

// What the host site may say of its visitor.
Object.assign(window, {
  kefu: {
    identify: async (jwt: unknown) => (await loadIdentity()).identify(jwt, live.value.connection),
    logout: async () => (await loadIdentity()).logout(),
  },
});
