// Brings the words of all pages in both languages, and what can go wrong only for staff. The first that
// a page of theirs imports: it has its own words in both languages, too.

import { en } from '../../shared/core/i18n/en';
import { en as errorsEn } from '../../shared/core/i18n/errors.en';
import { zh as errorsZh } from '../../shared/core/i18n/errors.zh';
import { bringErrors, bringWords } from '../../shared/core/i18n/words';
import { zh } from '../../shared/core/i18n/zh';
import { en as staffEn } from './errors.en';
import { zh as staffZh } from './errors.zh';

bringWords('en', en);
bringWords('zh', zh);
bringErrors('en', { ...errorsEn, ...staffEn });
bringErrors('zh', { ...errorsZh, ...staffZh });
