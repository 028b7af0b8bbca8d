// For the tests of the languages, and of what needs their words.

import { en } from './en';
import { en as errorsEn } from './errors.en';
import { zh as errorsZh } from './errors.zh';
import { bringErrors, bringWords } from './words';
import { zh } from './zh';

bringWords('en', en);
bringWords('zh', zh);
bringErrors('en', errorsEn);
bringErrors('zh', errorsZh);

type Leaf = string | ((...values: never[]) => string);

/** Every word of a language by its path, with functions called. */
export function wordsOf(tree: object, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]: [string, Leaf | object]) => {
    const name = `${path}${key}`;
    if (typeof value === 'string') return [[name, value]];
    if (typeof value === 'function') return [[name, (value as (...n: number[]) => string)(3, 4)]];
    return wordsOf(value, `${name}.`);
  });
}
