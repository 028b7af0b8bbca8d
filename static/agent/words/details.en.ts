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
  tags: 'Tags',
  addTag: 'Add a tag',
  add: 'Add',
  removeTag: (name: string) => `Remove the tag ${name}`,
  tooManyTags: 'There are too many tags. Remove one first.',
  others: 'Other conversations',
  noOthers: 'This is their first one.',
  moreOthers: 'The latest 20 are shown.',
};
