// What is said of who is there and who is away, in both languages.

import { computed } from '@preact/signals';
import type { Language } from '../shared/core/i18n';
import { locale } from '../shared/ui/locale';
import { en } from './words/presence.en';
import { zh } from './words/presence.zh';

const PRESENCE_WORDS: Readonly<Record<Language, typeof en>> = { en, zh };

export const presenceWords = computed(() => PRESENCE_WORDS[locale.value.language]);
