import { expect, it } from 'vitest';
import { read } from './kept';

const DEFAULTS = { sound: true, desktop: false, repeat: true };

it('reads what it kept, and the defaults from whatever is none of it', () => {
  expect(read('{"sound":false,"desktop":true,"repeat":false}')).toEqual({
    sound: false,
    desktop: true,
    repeat: false,
  });
  for (const kept of [null, '', 'null', '[]', '7', '{', '{"sound":"no"}']) {
    expect(read(kept), String(kept)).toEqual(DEFAULTS);
  }
});
