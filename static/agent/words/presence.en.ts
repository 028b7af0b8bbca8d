// The words about who is there and who is away, in English.

export const en = {
  myStatus: 'My status',
  available: 'Available',
  away: 'Away',
  offline: 'Offline',
  awayHint: 'You are given no new conversations.',
};
