// What a list of messages says, in English.

export const en = {
  sending: 'Sending…',
  waitingToSend: 'Will be sent when you are connected',
  sent: 'Sent',
  read: 'Read',
  notSent: (why: string) => `Not sent. ${why}`,
  tooFast: 'Too many messages; will be sent',
  loadingOlder: 'Loading older messages…',
  toNewest: 'To the newest messages',
  newMessages: (n: number) => (n === 1 ? '1 new message' : `${n} new messages`),

  eventTaken: (who: string) => `${who} joined`,
  eventReleased: (who: string) => `${who} left; back in the queue`,
  eventTransferred: (who: string, to: string) => `${who} transferred the chat to ${to}`,
  eventClosed: (who: string) => `${who} ended the chat`,
  eventReopened: (who: string) => `${who} reopened the chat`,
  eventRated: (who: string, score: string) => `${who} rated the chat ${score}`,
};
