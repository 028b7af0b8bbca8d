// Every word that a page says, in English. The shape of this object is what every other language
// must fill: a missing key does not compile.

export const en = {
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
  replyWithin: (time: string) => `We usually answer within ${time}`,
  deskClosed: 'We are closed right now. Write anyway: your message is kept.',
  deskClosedUntil: (when: string) => `We are back on ${when}. Write anyway: your message is kept.`,
  deskAway: 'Nobody is here right now; write anyway, we will answer',

  // Who
  you: 'You',
  agent: 'Agent',
  customer: (id: string) => `Customer ${id}`,
  someone: 'Someone',
  said: (who: string) => `${who}:`,

  // Messages
  conversation: 'Conversation',
  today: 'Today',
  yesterday: 'Yesterday',
  tryAgain: 'Try again',
  remove: 'Delete',
  loading: 'Loading…',
  couldNotLoad: 'Could not load.',
  isTyping: (who: string) => `${who} is typing…`,
  severalTyping: 'Several people are typing…',

  // Where only some are concerned
  system: 'The server',
  note: 'Note',
  noteSaid: 'Note, for agents only',

  // Composer
  message: 'Message',
  writeMessage: 'Write a message…',
  send: 'Send',
  attach: 'Attach files',
  charactersLeft: (n: number) => (n === 1 ? '1 character left' : `${n} characters left`),
  charactersOver: (n: number) => (n === 1 ? '1 character too many' : `${n} characters too many`),

  // Connection
  connecting: 'Connecting…',
  reconnecting: 'Connection lost. Trying again…',
  connectedAgain: 'Connected again',
  offline: 'You are offline. What you write is kept and sent later.',
  closed: 'This chat was disconnected by the server.',
  blocked: 'You cannot write here any more.',
  blockedUntil: (when: string) => `You cannot write here until ${when}.`,
  inSeconds: (n: number) => `in ${n} s`,
  tryNow: 'Try now',
  reload: 'Reload',
  wentWrong: 'Something went wrong.',
};
