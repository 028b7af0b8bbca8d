// The words of the settings about identified visitors, in English.

export const en = {
  identity: 'Identified visitors',
  identityIntro:
    'Your site can sign who its visitor is: agents then see the name and what else it says, and the visitor finds the same history in every browser. Your server signs with a secret that it shares with Kefu.',
  secret: 'Secret',
  secretHint:
    'At least 32 characters. Copy it to your server before you save: it is not shown again.',
  secretIsSet: 'A secret is set.',
  oldSecretIsSet: 'The one before it is good as well, until you take it away.',
  makeSecret: 'Make one',
  replaceSecret: 'Replace it',
  keepSecret: 'Keep the one that is set',
  removeSecret: 'Remove it',
  removed: 'Once this is saved, nobody can be identified by a secret that is set here.',
  removeOld: 'Take the old one away',
  oldRemoved: 'Once this is saved, the old one is good no more.',
};
