// What the section about identified visitors says, in both languages.

import { computed } from '@preact/signals';
import type { Language } from '../../shared/core/i18n';
import { locale } from '../../shared/ui/locale';
import { en } from '../words/identity.en';
import { zh } from '../words/identity.zh';

const IDENTITY_WORDS: Readonly<Record<Language, typeof en>> = { en, zh };

export const identityWords = computed(() => IDENTITY_WORDS[locale.value.language]);
