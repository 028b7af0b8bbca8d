// A new password is held against the server's rules, in characters as the server counts them.

import { expect, it } from 'vitest';
import { passwordProblem } from './newPassword';

it.each([
  ['', '', 'length'],
  ['1234567', '1234567', 'length'],
  ['12345678', '12345678', null],
  ['12345678', '12345679', 'mismatch'],
  ['12345678', '12345678 ', 'mismatch'],
  ['电池正确的马和钉', '电池正确的马和钉', null],
  ['🎉'.repeat(7), '🎉'.repeat(7), 'length'],
  ['🎉'.repeat(200), '🎉'.repeat(200), null],
  ['x'.repeat(201), 'x'.repeat(201), 'length'],
] as const)('%j and %j: %s', (password, repeated, problem) => {
  expect(passwordProblem(password, repeated)).toBe(problem);
});
