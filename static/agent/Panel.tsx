// A page of the console that is no conversation: a heading, Back where it fills the screen, and what
// it holds. Takes the focus when it opens, as the link to it may be gone from sight; but not from somebody who is
// at something by then, as it waits for the server's first answer.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { BackIcon } from '../shared/ui/icons';
import { consoleWords } from './consoleWords';
import { goTo } from './route';

interface PanelProps {
  title: string;
  children: ComponentChildren;
}

export function Panel({ title, children }: PanelProps) {
  const section = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (document.activeElement?.closest('.menu[open], input, textarea') == null)
      section.current?.focus();
  }, []);
  return (
    <section ref={section} class="thread panel" aria-label={title} tabIndex={-1}>
      <header>
        <button type="button" class="quiet back" onClick={() => goTo(null)}>
          <BackIcon />
          {consoleWords.value.back}
        </button>
        <h2>{title}</h2>
      </header>
      <div class="panel-scroll">
        <div class="panel-body">{children}</div>
      </div>
    </section>
  );
}

/** How something went, in one line: said aloud when it changes. */
export interface Outcome {
  readonly good: boolean;
  readonly text: string;
}

export function OutcomeLine({ outcome }: { outcome: Outcome | null }) {
  return (
    <>
      <p class="outcome bad" role="alert">
        {outcome !== null && !outcome.good ? outcome.text : ''}
      </p>
      <p class="outcome good" role="status">
        {outcome?.good ? outcome.text : ''}
      </p>
    </>
  );
}
