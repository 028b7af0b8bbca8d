// An Enter that confirms an input method's words never sends them.

import { describe, expect, it } from 'vitest';
import { Composition } from './composition';

const enter = { isComposing: false, keyCode: 13 };

function setUp() {
  let now = 1000;
  const composition = new Composition({ now: () => now });
  const pass = (ms: number) => {
    now += ms;
  };
  return { composition, pass };
}

describe('Enter', () => {
  it('is ours when nothing is being composed', () => {
    expect(setUp().composition.owns(enter)).toBe(false);
  });

  it('is the input method’s while the event says so', () => {
    expect(setUp().composition.owns({ ...enter, isComposing: true })).toBe(true);
  });

  it('is the input method’s between start and end, where the event does not say so', () => {
    const { composition, pass } = setUp();
    composition.started();
    expect(composition.owns(enter)).toBe(true);
    composition.ended();
    pass(20);
    expect(composition.owns(enter)).toBe(false);
  });

  it('is the input method’s when its key code is 229', () => {
    expect(setUp().composition.owns({ ...enter, keyCode: 229 })).toBe(true);
  });

  it('is the input method’s for 20 ms after the end, as Safari sends it', () => {
    const { composition, pass } = setUp();
    composition.started();
    composition.ended();
    pass(19);
    expect(composition.owns(enter)).toBe(true);
    pass(1);
    expect(composition.owns(enter)).toBe(false);
  });
});
