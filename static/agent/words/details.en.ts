// The words of the details beside a conversation, in English.

export const en = {
  details: 'Details',
  shutDetails: 'Close details',
  name: 'Name',
  noName: 'Not given',
  email: 'E-mail',
  externalId: 'Customer number',
  page: 'Page',
  language: 'Language',
  browser: 'Browser',
  firstSeen: 'First seen',
  attributes: 'From your site',
  others: 'Other conversations',
  noOthers: 'This is their first one.',
  moreOthers: 'The latest 20 are shown.',
};
