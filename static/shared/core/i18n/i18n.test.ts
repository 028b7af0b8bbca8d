// Both languages are whole: the compiler sees to the keys, this to what they say.

import { describe, expect, it } from 'vitest';
import { en as listEn } from '../../ui/words/en';
import { zh as listZh } from '../../ui/words/zh';
import { memoryStore } from '../env';
import { en } from './en';
import { en as errorsEn } from './errors.en';
import { zh as errorsZh } from './errors.zh';
import { chooseLanguage, keepLanguage, Locale } from './index';
import { wordsOf } from './testing';
import { zh } from './zh';

describe('words', () => {
  it('have the same keys in both languages, and none is empty', () => {
    const english = wordsOf({ ...en, errors: errorsEn, list: listEn });
    const chinese = wordsOf({ ...zh, errors: errorsZh, list: listZh });
    expect(chinese.map(([key]) => key).sort()).toEqual(english.map(([key]) => key).sort());
    for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe('');
  });

  it('are Chinese in Chinese and English in English', () => {
    const foreign = wordsOf({ ...zh, errors: errorsZh, list: listZh }).filter(
      ([, text]) => !/\p{Script=Han}/u.test(text),
    );
    expect(foreign.map(([key]) => key)).toEqual(['said']);
    const notEnglish = wordsOf({ ...en, errors: errorsEn, list: listEn }).filter(([, text]) =>
      /\p{Script=Han}/u.test(text),
    );
    expect(notEnglish).toEqual([]);
  });

  it('take the number along', () => {
    expect(listEn.newMessages(1)).toBe('1 new message');
    expect(listEn.newMessages(2)).toBe('2 new messages');
    expect(listZh.newMessages(2)).toBe('2 条新消息');
    expect(en.customer('7')).toBe('Customer 7');
    expect(zh.customer('7')).toBe('客户 7');
  });

  it('have a sentence for every error code of the protocol, and one for the rest', () => {
    const locale = new Locale('zh');
    expect(locale.error('text_too_long')).toBe('消息太长。');
    expect(locale.error('from_the_future')).toBe(zh.wentWrong);
    expect(locale.error('toString')).toBe(zh.wentWrong);
    expect(locale.error(null)).toBe(zh.wentWrong);
  });
});

describe('the language', () => {
  it.each([
    [['zh-CN', 'en'], 'zh'],
    [['zh-TW'], 'zh'],
    [['de-DE', 'zh'], 'zh'],
    [['en-GB'], 'en'],
    [['fr'], 'en'],
    [[], 'en'],
  ])('for %j is %s', (preferred, expected) => {
    expect(chooseLanguage(memoryStore(), preferred)).toBe(expected);
  });

  it('once chosen is kept', () => {
    const store = memoryStore();
    keepLanguage(store, 'zh');
    expect(chooseLanguage(store, ['en'])).toBe('zh');
  });
});

describe('times', () => {
  const now = new Date(2026, 10, 23, 15, 4).getTime();
  const day = 86_400_000;

  it('are written as each language does', () => {
    expect(new Locale('en', ['de', 'en-GB']).time(now)).toBe('15:04');
    expect(new Locale('zh', ['en-GB']).time(now)).toBe('15:04');
    expect(new Locale('en').time(now)).toMatch(/^3:04\sPM$/);
    expect(new Locale('zh').time(now)).toBe('15:04');
  });

  it('have today, yesterday, and days with the year only where it is another', () => {
    const english = new Locale('en');
    const midnight = new Date(2026, 10, 23).getTime();
    expect(english.day(midnight, now)).toBe('Today');
    expect(english.day(midnight - 1, now)).toBe('Yesterday');
    expect(english.day(now - 3 * day, now)).toBe('Friday, November 20');
    expect(english.day(now - 365 * day, now)).toBe('November 23, 2025');
    expect(new Locale('zh').day(now - 3 * day, now)).toBe('11月20日星期五');
  });

  it('that the server got wrong are empty rather than an exception', () => {
    expect(new Locale('en').time(Number.NaN)).toBe('');
  });
});
