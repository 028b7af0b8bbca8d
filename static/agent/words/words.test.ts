// The console's words are whole in both languages.

import { expect, it } from 'vitest';
import { wordsOf } from '../../shared/core/i18n/testing';
import { en as accountsEn } from './accounts.en';
import { zh as accountsZh } from './accounts.zh';
import { en as alertsEn } from './alerts.en';
import { zh as alertsZh } from './alerts.zh';
import { en as assignmentEn } from './assignment.en';
import { zh as assignmentZh } from './assignment.zh';
import { en as blocksEn } from './blocks.en';
import { zh as blocksZh } from './blocks.zh';
import { en as detailsEn } from './details.en';
import { zh as detailsZh } from './details.zh';
import { en as consoleEn } from './en';
import { en as errorsEn } from './errors.en';
import { zh as errorsZh } from './errors.zh';
import { en as presenceEn } from './presence.en';
import { zh as presenceZh } from './presence.zh';
import { en as repliesEn } from './replies.en';
import { zh as repliesZh } from './replies.zh';
import { en as settingsEn } from './settings.en';
import { zh as settingsZh } from './settings.zh';
import { en as totpEn } from './totp.en';
import { zh as totpZh } from './totp.zh';
import { zh as consoleZh } from './zh';

const en = {
  totp: totpEn,
  ...consoleEn,
  accounts: accountsEn,
  alerts: alertsEn,
  assignment: assignmentEn,
  blocks: blocksEn,
  details: detailsEn,
  errors: errorsEn,
  replies: repliesEn,
  settings: settingsEn,
  presence: presenceEn,
};
const zh = {
  totp: totpZh,
  ...consoleZh,
  accounts: accountsZh,
  alerts: alertsZh,
  assignment: assignmentZh,
  blocks: blocksZh,
  details: detailsZh,
  errors: errorsZh,
  replies: repliesZh,
  settings: settingsZh,
  presence: presenceZh,
};

it('have the same keys in both languages, and none is empty', () => {
  const english = wordsOf(en);
  const chinese = wordsOf(zh);
  expect(chinese.map(([key]) => key).sort()).toEqual(english.map(([key]) => key).sort());
  for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe('');
});

it('are Chinese in Chinese and English in English', () => {
  expect(wordsOf(zh).filter(([, text]) => !/\p{Script=Han}/u.test(text))).toEqual([]);
  expect(wordsOf(en).filter(([, text]) => /\p{Script=Han}/u.test(text))).toEqual([]);
});
