// The three scroll states of a list: at the end (follows), reading above (never moved), at the
// top (asks for older rows and keeps its place by hand, where the browser does not). And it goes to a
// row that somebody asks for.
//
// **Invariant.** The place is taken when the reader scrolls, and at no other time: measured anew
// after each correction, it would add up what they leave (a list scrolls by whole pixels, and not
// beyond its ends), and the reader would drift.

import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Row } from '../core/rows';
import { AT_END, around, earlier, hold, later, range, type Window } from '../core/window';

/** Closer than this counts as being there. */
const END_PX = 32;
const NEAR_PX = 400;
/** What a correction may leave. */
const ROUNDING_PX = 1;
/** Less than that is no movement. */
const STILL_PX = 0.5;
/** How long the row that was asked for is marked. */
const MARKED_MS = 4_000;

/** A row to go to; another object each time. */
export interface Aim {
  /** Null while the row is still on its way. */
  readonly key: string | null;
}

/** The row that the reader has before them, and where. */
interface Place {
  key: string;
  /** The row's lower edge: its upper part changes when older rows join its group above it. */
  bottom: number;
  /** The same edge from the beginning of what the list holds: scrolling does not change it. */
  depth: number;
}

export interface Scroll {
  list: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  start: number;
  end: number;
  /** Whether the newest row is in view, and stays there. */
  following: boolean;
  /** Whether the reader has the newest row before them, and is not about to go elsewhere. */
  atEnd: boolean;
  /** Others' messages that came since the reader left the end. */
  unseen: number;
  /** The row that was gone to, for a moment. */
  marked: string | null;
  toEnd: () => void;
  onScroll: () => void;
}

export function useScroll(
  rows: readonly Row[],
  loadOlder: (() => void) | null,
  aim: Aim | null,
): Scroll {
  const list = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const place = useRef<Place | null>(null);
  const lastTop = useRef(0);
  const lastHeight = useRef(0);
  const seenKey = useRef<string | null>(null);
  const sentKey = useRef<string | null>(null);
  const [view, setView] = useState<Window>(AT_END);
  const [following, setFollowing] = useState(true);
  const [marked, setMarked] = useState<string | null>(null);
  /** The aim whose row is to be brought before the reader once it is in the page. */
  const bringing = useRef<Aim | null>(null);
  const brought = useRef<Aim | null>(null);
  const { start, end } = range(rows, view);

  /** Puts what the list shows to where the reader had it, or to its end. */
  const rest = () => {
    const element = list.current;
    if (element === null || bring(element)) return;
    // The event comes with the next frame, and until then rows may have changed.
    if (whoScrolled(element) === 'reader') {
      readerScrolled(element);
      return;
    }
    if (following && end === rows.length) {
      element.scrollTop = element.scrollHeight;
      place.current = null;
    } else {
      const row = find(content.current, place.current?.key);
      if (place.current === null || row === null) {
        place.current = firstVisible(element, content.current);
      } else {
        const moved = row.getBoundingClientRect().bottom - place.current.bottom;
        if (Math.abs(moved) > ROUNDING_PX) element.scrollTop += moved;
        place.current.depth = depthOf(row, element);
      }
    }
    lastTop.current = element.scrollTop;
    lastHeight.current = element.scrollHeight;
  };

  /** Whether the row that was asked for has just come into the page: it stands in the middle then. */
  const bring = (element: HTMLElement): boolean => {
    const row = find(content.current, bringing.current?.key ?? undefined);
    if (row === null) return false;
    brought.current = bringing.current;
    bringing.current = null;
    // The row at its real height; those that are not in view have a guessed one.
    row.scrollIntoView({ block: 'center' });
    const key = row.dataset.key ?? '';
    place.current = {
      key,
      bottom: row.getBoundingClientRect().bottom,
      depth: depthOf(row, element),
    };
    lastTop.current = element.scrollTop;
    lastHeight.current = element.scrollHeight;
    setMarked(key);
    return true;
  };

  /** Who moved the list since it was last looked at. The browser does where rows change above or
   * the end comes nearer; "either" when rows changed and the reader may have scrolled too. */
  const whoScrolled = (element: HTMLElement): 'nobody' | 'reader' | 'browser' | 'either' => {
    if (Math.abs(element.scrollTop - lastTop.current) < STILL_PX) return 'nobody';
    const row = find(content.current, place.current?.key);
    if (place.current === null || row === null) {
      return element.scrollHeight === lastHeight.current ? 'reader' : 'either';
    }
    if (Math.abs(depthOf(row, element) - place.current.depth) < STILL_PX) return 'reader';
    const moved = row.getBoundingClientRect().bottom - place.current.bottom;
    return Math.abs(moved) > ROUNDING_PX ? 'either' : 'browser';
  };

  const toEnd = () => {
    setView(AT_END);
    setFollowing(true);
    list.current?.focus({ preventScroll: true });
  };

  /** Shows or asks for more where the edge of what is shown is near. */
  const extend = () => {
    const element = list.current;
    if (element === null) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (element.scrollTop < NEAR_PX) {
      if (start > 0) setView(earlier(rows, view));
      else loadOlder?.();
    } else if (below < NEAR_PX && end < rows.length) {
      setView(later(rows, view));
    }
  };

  const onScroll = () => {
    const element = list.current;
    if (element === null) return;
    const who = whoScrolled(element);
    if (who === 'reader' || who === 'either') readerScrolled(element);
    else rest();
    extend();
  };

  const readerScrolled = (element: HTMLElement) => {
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (below < END_PX && end === rows.length) {
      if (!following) {
        setFollowing(true);
        setView(AT_END);
      }
    } else if (following && element.scrollTop < lastTop.current) {
      setFollowing(false);
      setView(hold(rows, view));
    }
    lastTop.current = element.scrollTop;
    lastHeight.current = element.scrollHeight;
    place.current = firstVisible(element, content.current);
  };

  // What I send myself is always shown to me.
  const newest = rows.at(-1);
  const mine = newest?.kind === 'message' && newest.clientId !== null ? newest.key : null;
  useLayoutEffect(() => {
    if (mine !== null && mine !== sentKey.current) {
      setView(AT_END);
      setFollowing(true);
    }
    if (mine !== null) sentKey.current = mine;
  }, [mine]);

  useLayoutEffect(() => {
    if (aim === null || aim.key === null) return;
    bringing.current = aim;
    setFollowing(false);
    setView(around(rows, aim.key));
  }, [aim]);
  useEffect(() => {
    if (marked === null) return;
    const timer = setTimeout(() => setMarked(null), MARKED_MS);
    return () => clearTimeout(timer);
  }, [marked]);

  if (following) seenKey.current = newest?.key ?? null;
  useLayoutEffect(rest);
  // Before the browser paints: what arrived above is not in the page until the window has moved.
  useLayoutEffect(extend, [rows.length, start, end, loadOlder]);

  // The latest `rest`, for an observer that is made once.
  const latestRest = useRef(rest);
  latestRest.current = rest;
  useEffect(() => {
    const observer = new ResizeObserver(() => latestRest.current());
    if (list.current !== null) observer.observe(list.current);
    if (content.current !== null) observer.observe(content.current);
    return () => observer.disconnect();
  }, []);

  const unseen = following ? 0 : othersAfter(rows, seenKey.current);
  const atEnd = following && (aim === null || brought.current === aim);
  return { list, content, start, end, following, atEnd, unseen, marked, toEnd, onScroll };
}

function othersAfter(rows: readonly Row[], key: string | null): number {
  const seen = rows.findIndex(row => row.key === key);
  return rows.slice(seen + 1).filter(row => row.kind === 'message' && !row.own).length;
}

function find(content: HTMLElement | null, key: string | undefined): HTMLElement | null {
  if (key === undefined) return null;
  for (const child of content?.children ?? []) {
    if (child instanceof HTMLElement && child.dataset.key === key) return child;
  }
  return null;
}

function depthOf(row: HTMLElement, list: HTMLElement): number {
  const top = list.getBoundingClientRect().top;
  return row.getBoundingClientRect().bottom - top + list.scrollTop;
}

/** The first message that is in view, and where it stands. */
function firstVisible(list: HTMLElement, content: HTMLElement | null): Place | null {
  const edge = list.getBoundingClientRect().top;
  const children = content?.children ?? [];
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((children[middle] as Element).getBoundingClientRect().bottom > edge) high = middle;
    else low = middle + 1;
  }
  for (let i = low; i < children.length; i += 1) {
    const child = children[i] as HTMLElement;
    // Day headings move when older messages arrive; messages stay.
    const key = child.dataset.key;
    if (key === undefined || child.classList.contains('day')) continue;
    return { key, bottom: child.getBoundingClientRect().bottom, depth: depthOf(child, list) };
  }
  return null;
}
