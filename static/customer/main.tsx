// The customer's page: one conversation with the business, no account and no form.

import '../shared/ui/theme.css';
import '../shared/ui/messages.css';
import '../shared/files/files.css';
import './customer.css';
import { render } from 'preact';
import {
  browserOnline,
  clock,
  fitVisualViewport,
  openSocket,
  randomBytes,
  tabStore,
  watchAttention,
  watchNetwork,
} from '../shared/browser';
import { Chat } from '../shared/core/chat';
import { Live } from '../shared/ui/live';
import { CustomerPage } from './CustomerPage';
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
render(
  <CustomerPage live={live} isNew={isNew} />,
  document.getElementById('page') ?? document.body,
);

// What the host site may say of its visitor.
const identity = () => import('./identity');
Object.assign(window, {
  kefu: {
    identify: async (jwt: unknown) => (await identity()).identify(jwt, live.value.connection),
    logout: async () => (await identity()).logout(),
  },
});
