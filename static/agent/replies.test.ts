import { describe, expect, it } from 'vitest';
import { askedFor, fill, fitting, type SavedReply } from './replies';

describe('a slash asks for a saved reply', () => {
  it.each([
    ['/', 0, ''],
    ['/Hi', 0, 'hi'],
    ['Hello /hi', 6, 'hi'],
    ['Hello\n/问候', 6, '问候'],
    ['／hi', 0, 'hi'],
    ['、hi', 0, 'hi'],
  ])('in %j', (text, from, query) => {
    expect(askedFor(text, text.length)).toEqual({ from, query });
  });

  it.each([
    '',
    'hi',
    'and/or',
    'see https://example.com/',
    '/etc/hosts',
    '//',
    '/hi there',
    '苹果、香蕉',
    `/${'x'.repeat(33)}`,
  ])('not in %j', text => {
    expect(askedFor(text, text.length)).toBeNull();
  });

  it('only up to the caret', () => {
    expect(askedFor('/hi there', 3)).toEqual({ from: 0, query: 'hi' });
    expect(askedFor('/hi', 0)).toBeNull();
  });
});

describe('the replies that fit', () => {
  const reply = (shortcut: string, title: string | null = null): SavedReply => ({
    id: shortcut,
    shortcut,
    title,
    text: '',
    shared: false,
  });
  const all = [reply('bye', 'Say hi again'), reply('hi'), reply('oh-hi'), reply('refund')];
  const names = (query: string) => fitting(all, query).map(({ shortcut }) => shortcut);

  it('are all without a query, and the best first with one', () => {
    expect(names('')).toEqual(['bye', 'hi', 'oh-hi', 'refund']);
    expect(names('hi')).toEqual(['hi', 'oh-hi', 'bye']);
    expect(names('nothing')).toEqual([]);
  });
});

describe('placeholders', () => {
  const fallback = { customer: 'there', agent: 'us' };
  const ana = { customer: 'Ana', agent: 'Li Wei' };
  const nobody = { customer: null, agent: null };

  it.each([
    ['Hi {customer.name}, I am {agent.name}.', 'Hi Ana, I am Li Wei.', 'Hi there, I am us.'],
    ['{customer.name}{customer.name}', 'AnaAna', 'therethere'],
    ['Dear {customer.name|customer}', 'Dear Ana', 'Dear customer'],
    ['Hello{customer.name|}!', 'HelloAna!', 'Hello!'],
    ['{customer.email} {name} { customer.name }', null, null],
    ['$& $1 {customer.name}', '$& $1 Ana', '$& $1 there'],
  ])('%j', (text, known, unknown) => {
    expect(fill(text, ana, fallback)).toBe(known ?? text);
    expect(fill(text, nobody, fallback)).toBe(unknown ?? text);
  });

  it('put a name in as it is', () => {
    expect(fill('{customer.name}', { ...ana, customer: '$1{agent.name}' }, fallback)).toBe(
      '$1{agent.name}',
    );
  });
});
