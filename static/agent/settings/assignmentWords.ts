// What the section about assignment says, in both languages.

import { computed } from '@preact/signals';
import type { Language } from '../../shared/core/i18n';
import { locale } from '../../shared/ui/locale';
import { en } from '../words/assignment.en';
import { zh } from '../words/assignment.zh';

const ASSIGNMENT_WORDS: Readonly<Record<Language, typeof en>> = { en, zh };

export const assignmentWords = computed(() => ASSIGNMENT_WORDS[locale.value.language]);
