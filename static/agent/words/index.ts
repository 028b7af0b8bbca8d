// The console's own words in both languages, which the customer page has no need to load.

import type { Language } from '../../shared/core/i18n';
import { en } from './en';
import { zh } from './zh';

export type ConsoleWords = typeof en;

export const CONSOLE_WORDS: Readonly<Record<Language, ConsoleWords>> = { en, zh };
