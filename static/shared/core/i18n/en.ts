// Every word that a page says, in English. The shape of this object is what every other language
// must fill: a missing key does not compile.

export const en = {
  languageName: 'English',

  // Customer page
  chatTitle: 'Chat with us',
  greeting: 'Hello! How can we help?',
  greetingMore: 'Write your question below. You need no account and no form.',
  deskHere: 'We are here',
  nextInQueue: 'You are next in the queue',
  placeInQueue: (n: number) => `You are number ${n} in the queue`,
  chatEnded: 'This chat has ended.',
  chatEndedReopen: 'This chat has ended. Write again to go on with it.',
  newChat: 'New chat',
  deskAway: 'Nobody is here right now; write anyway, we will answer',

  // Who
  you: 'You',
  agent: 'Agent',
  customer: (id: string) => `Customer ${id}`,
  someone: 'Someone',
  everyone: 'Everybody',
  said: (who: string) => `${who}:`,

  // Messages
  conversation: 'Conversation',
  messagesWith: (who: string) => `Conversation with ${who}`,
  today: 'Today',
  yesterday: 'Yesterday',
  sending: 'Sending…',
  waitingToSend: 'Will be sent when you are connected',
  sent: 'Sent',
  read: 'Read',
  notSent: (why: string) => `Not sent. ${why}`,
  tryAgain: 'Try again',
  remove: 'Delete',
  newMessages: (n: number) => (n === 1 ? '1 new message' : `${n} new messages`),
  toNewest: 'To the newest messages',
  loadingOlder: 'Loading older messages…',
  loading: 'Loading…',
  couldNotLoad: 'Could not load.',
  isTyping: (who: string) => `${who} is typing…`,
  severalTyping: 'Several people are typing…',

  // Events
  eventTaken: (who: string) => `${who} joined`,
  eventReleased: (who: string) => `${who} left; back in the queue`,
  eventTransferred: (who: string, to: string) => `${who} transferred the chat to ${to}`,
  eventClosed: (who: string) => `${who} ended the chat`,
  eventReopened: (who: string) => `${who} reopened the chat`,
  system: 'The server',
  note: 'Note',
  noteSaid: 'Note, for agents only',

  // Composer
  message: 'Message',
  writeMessage: 'Write a message…',
  send: 'Send',
  charactersLeft: (n: number) => (n === 1 ? '1 character left' : `${n} characters left`),
  charactersOver: (n: number) => (n === 1 ? '1 character too many' : `${n} characters too many`),

  // Connection
  connecting: 'Connecting…',
  reconnecting: 'Connection lost. Trying again…',
  connectedAgain: 'Connected again',
  offline: 'You are offline. What you write is kept and sent later.',
  closed: 'This chat was disconnected by the server.',
  tryNow: 'Try now',
  reload: 'Reload',

  // Errors, by the server's code (docs/PROTOCOL.md §4) or one of our own
  errors: {
    bad_json: 'The server did not understand this page. Reload it and try again.',
    bad_request: 'The server did not understand this page. Reload it and try again.',
    unknown_type: 'The server did not understand this page. Reload it and try again.',
    text_empty: 'The message is empty.',
    text_too_long: 'The message is too long.',
    text_invalid: 'The message holds a character that cannot be stored.',
    bad_credentials: 'The user name or the password is wrong, or the account is disabled.',
    not_signed_in: 'You are not signed in.',
    forbidden: 'You are not allowed to do this.',
    origin_refused: 'This address is not one that the server accepts.',
    not_found: 'There is no such thing here.',
    conversation_not_found: 'There is no such conversation.',
    agent_not_found: 'This agent cannot have a conversation.',
    conversation_taken: 'Somebody else has taken this conversation.',
    conversation_closed: 'This conversation has ended.',
    conversation_open: 'This conversation has not ended, or the customer has a newer one.',
    client_id_in_use: 'This message collides with another one. Delete it and write it again.',
    body_too_large: 'This is too large.',
    rate_limited: 'Too many at once. Wait a moment.',
    too_many_connections: 'Too many connections from your address.',
    internal: 'Something went wrong on the server.',
    unavailable: 'The database does not answer. Try again soon.',
    overloaded: 'The server is busy. Try again soon.',
    no_answer: 'The server did not answer.',
    unreachable: 'The server cannot be reached.',
    unknown: 'Something went wrong.',
  },
};
