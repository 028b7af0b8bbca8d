import { expect, test } from 'vitest';
import { optionsOf } from './agents';

test('two of one name are told apart, and who is disabled is marked', () => {
  const agents = [
    { id: '1', name: 'Ana', isDisabled: false },
    { id: '2', name: 'Li Wei', isDisabled: false },
    { id: '3', name: 'Li Wei', isDisabled: true },
  ];
  expect(optionsOf(agents, name => `${name}, disabled`)).toEqual([
    ['1', 'Ana'],
    ['2', 'Li Wei (2)'],
    ['3', 'Li Wei (3), disabled'],
  ]);
});
