// The words of a list of messages, which come with it.

import { en } from './en';
import { zh } from './zh';

export const LIST_WORDS = { en, zh };
