// What can go wrong, by the server's code (docs/PROTOCOL.md §4) or one of our own, in English. Comes
// after the page; what only staff can meet is in agent/words/errors.en.ts.

export const en = {
  bad_json: 'The server did not understand this page. Reload it and try again.',
  bad_request: 'The server did not understand this page. Reload it and try again.',
  unknown_type: 'The server did not understand this page. Reload it and try again.',
  text_empty: 'The message is empty.',
  text_too_long: 'The message is too long.',
  text_invalid: 'The message holds a character that cannot be stored.',
  forbidden: 'You are not allowed to do this.',
  blocked: 'You cannot write here.',
  origin_refused: 'This address is not one that the server accepts.',
  not_found: 'There is no such thing here.',
  conversation_not_found: 'There is no such conversation.',
  conversation_closed: 'This conversation has ended.',
  client_id_in_use: 'This message collides with another one. Delete it and write it again.',
  body_too_large: 'This is too large.',
  rate_limited: 'Too many at once. Wait a moment.',
  too_many_connections: 'Too many connections from your address.',
  internal: 'Something went wrong on the server.',
  unavailable: 'The database does not answer. Try again soon.',
  overloaded: 'The server is busy. Try again soon.',
  no_answer: 'The server did not answer.',
  unreachable: 'The server cannot be reached.',
};
