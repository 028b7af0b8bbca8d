// What happens to a conversation, in English.

export const en = {
  taken: (who: string) => `${who} joined`,
  released: (who: string) => `${who} left; back in the queue`,
  transferred: (who: string, to: string) => `${who} transferred the chat to ${to}`,
  closed: (who: string) => `${who} ended the chat`,
  reopened: (who: string) => `${who} reopened the chat`,
  rated: (who: string, score: string) => `${who} rated the chat ${score}`,
};
