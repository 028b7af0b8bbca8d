// What can go wrong only for staff, by the server's code, in English.

export const en = {
  bad_credentials: 'The user name or the password is wrong, or the account is disabled.',
  not_signed_in: 'You are not signed in.',
  agent_not_found: 'This agent cannot have a conversation.',
  conversation_taken: 'Somebody else has taken this conversation.',
  conversation_open: 'This conversation has not ended, or the customer has a newer one.',
};
