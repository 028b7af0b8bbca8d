// A timeline is one unbroken run of messages, however they arrive.

import { describe, expect, it } from 'vitest';
import { message, seqs } from './testing';
import { Timeline } from './timeline';

const page = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => message(from + i));

function loaded(from: number, to: number, more: boolean): Timeline {
  const timeline = new Timeline();
  timeline.page('newest', page(from, to), more);
  return timeline;
}

describe('live messages', () => {
  it('are complete from the first one on', () => {
    const timeline = new Timeline();
    timeline.post(message(1));
    timeline.post(message(2));
    expect(seqs(timeline.messages)).toEqual([1, 2]);
    expect(timeline.hasOlder).toBe(false);
    expect(timeline.last).toBe(2);
  });

  it('are taken once', () => {
    const timeline = loaded(1, 3, false);
    const before = timeline.messages;
    expect(timeline.post(message(3))).toBe(false);
    expect(timeline.messages).toBe(before);
    expect(timeline.post(message(4))).toBe(true);
    expect(seqs(timeline.messages)).toEqual([1, 2, 3, 4]);
  });

  it('wait for the newest page when that is still on its way', () => {
    const timeline = new Timeline();
    timeline.post(message(12));
    timeline.post(message(13));
    expect(timeline.loaded).toBe(false);
    expect(timeline.last).toBe(0);
    timeline.page('newest', page(8, 12), true);
    expect(seqs(timeline.messages)).toEqual([8, 9, 10, 11, 12, 13]);
    expect(timeline.hasOlder).toBe(true);
  });

  it('make a new array, for views to compare', () => {
    const timeline = loaded(1, 1, false);
    const before = timeline.messages;
    timeline.post(message(2));
    expect(timeline.messages).not.toBe(before);
    expect(seqs(before)).toEqual([1]);
  });
});

describe('a hole', () => {
  it('holds back what lies beyond it, and resume names what lies before', () => {
    const timeline = loaded(1, 3, false);
    timeline.post(message(6));
    expect(seqs(timeline.messages)).toEqual([1, 2, 3]);
    expect(timeline.hasHole).toBe(true);
    expect(timeline.last).toBe(3);
  });

  it('is closed by a page, or by the messages themselves', () => {
    const byPage = loaded(1, 3, false);
    byPage.post(message(6));
    byPage.page('hole', page(4, 6), false);
    expect(seqs(byPage.messages)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(byPage.hasHole).toBe(false);
    const byMessages = loaded(1, 3, false);
    for (const seq of [6, 5, 4]) byMessages.post(message(seq));
    expect(seqs(byMessages.messages)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('takes several pages when it is long', () => {
    const timeline = loaded(1, 3, false);
    timeline.post(message(9));
    timeline.page('hole', page(4, 5), true);
    expect(timeline.hasHole).toBe(true);
    expect(timeline.last).toBe(5);
    timeline.page('hole', page(6, 8), false);
    expect(seqs(timeline.messages)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('takes only what it lacks from a page', () => {
    const timeline = loaded(1, 3, false);
    timeline.post(message(5));
    timeline.page('hole', page(2, 5), false);
    expect(seqs(timeline.messages)).toEqual([1, 2, 3, 4, 5]);
  });

  it('is none when the server says that nothing lies between', () => {
    const skipped = loaded(1, 3, false);
    skipped.post(message(5));
    skipped.page('hole', [], false);
    expect(seqs(skipped.messages)).toEqual([1, 2, 3, 5]);
    const timeline = loaded(1, 3, false);
    timeline.post(message(5));
    timeline.page('hole', [message(5)], false);
    expect(seqs(timeline.messages)).toEqual([1, 2, 3, 5]);
    expect(timeline.hasHole).toBe(false);
  });
});

describe('older pages', () => {
  it('are there as the newest page says', () => {
    expect(loaded(3, 4, true).hasOlder).toBe(true);
    expect(loaded(3, 4, false).hasOlder).toBe(false);
  });

  it('go before what is held, without repeats and in order', () => {
    const timeline = loaded(51, 60, true);
    timeline.page('older', [...page(41, 52)].reverse(), true);
    expect(seqs(timeline.messages)).toEqual(Array.from({ length: 20 }, (_, i) => i + 41));
    expect(timeline.hasOlder).toBe(true);
    timeline.page('older', page(1, 40), false);
    expect(timeline.first).toBe(1);
    expect(timeline.hasOlder).toBe(false);
  });

  it('end when a page brings nothing, whatever it claims', () => {
    const timeline = loaded(5, 6, true);
    timeline.page('older', [], true);
    expect(timeline.hasOlder).toBe(false);
  });
});

it('begins anew when it is reset', () => {
  const timeline = loaded(1, 9, false);
  timeline.reset();
  expect(timeline.last).toBe(0);
  timeline.page('newest', page(1, 4), false);
  expect(seqs(timeline.messages)).toEqual([1, 2, 3, 4]);
});
