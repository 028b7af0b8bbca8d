import { expect, test } from 'vitest';
import { orErased } from './erased';

test('only what was erased reads so', () => {
  const words = { erased: 'Erased' };
  expect(orErased('[erased]', words)).toBe('Erased');
  for (const text of ['', '[erased] what?', 'erased']) expect(orErased(text, words)).toBe(text);
});
