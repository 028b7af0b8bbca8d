// How this browser tells the agent of customers: what is on, what the browser blocks, and a test.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import { type Outcome, OutcomeLine, Panel } from '../Panel';
import { goTo } from '../route';
import { type AlertWords, alertWords } from './alertWords';
import { choices, choose } from './choices';
import { ask, type DesktopState, desktopState, show } from './desktop';
import type { Choices } from './kept';
import { play, type SoundState, soundState } from './sound';

export function AlertsPanel() {
  const words = alertWords.value;
  const { sound, desktop } = choices.value;
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const test = async () => {
    if (!sound && !desktop) return setOutcome({ good: false, text: words.testNothing });
    const heard = sound && play();
    if (desktop) await ask();
    const seen = desktop && show(testNotice(words));
    setOutcome(
      heard || seen
        ? { good: true, text: words.testDone }
        : { good: false, text: words.testFailed },
    );
  };
  // What was said of a test is about the choices of then.
  useEffect(() => setOutcome(null), [choices.value]);
  return (
    <Panel title={words.alerts}>
      <p class="hint">{words.alertsHint}</p>
      <div class="block">
        <Choice name="sound" label={words.sound} more={words.soundMore}>
          {sound && <SoundLine state={soundState.value} words={words} />}
        </Choice>
        <Choice name="repeat" label={words.repeat} more={words.repeatMore} off={!sound}>
          {null}
        </Choice>
        <Choice name="desktop" label={words.desktop} more={words.desktopMore}>
          {desktop && <DesktopLine state={desktopState.value} words={words} />}
        </Choice>
      </div>
      <div class="block">
        <button type="button" class="primary" onClick={test}>
          {words.test}
        </button>
        <OutcomeLine outcome={outcome} />
      </div>
    </Panel>
  );
}

function testNotice(words: AlertWords) {
  return {
    title: words.testTitle,
    text: words.testText,
    tag: 'kefu.test',
    chosen: () => goTo('alerts'),
  };
}

interface ChoiceProps {
  name: keyof Choices;
  label: string;
  more: string;
  /** Has no effect as things are. */
  off?: boolean;
  children: ComponentChildren;
}

function Choice({ name, label, more, off = false, children }: ChoiceProps) {
  const id = useId();
  return (
    <div class="choice">
      <label class="check">
        <input
          type="checkbox"
          checked={choices.value[name]}
          disabled={off}
          aria-describedby={id}
          onChange={event => {
            const on = event.currentTarget.checked;
            choose({ [name]: on });
            if (on && name === 'desktop') void ask();
            if (on && name === 'sound') play();
          }}
        />
        {label}
      </label>
      <p class="hint" id={id}>
        {more}
      </p>
      {children}
    </div>
  );
}

function SoundLine({ state, words }: { state: SoundState; words: AlertWords }) {
  const text = {
    ready: words.soundReady,
    blocked: words.soundBlocked,
    missing: words.soundMissing,
  };
  return <StateLine good={state === 'ready'} text={text[state]} />;
}

function DesktopLine({ state, words }: { state: DesktopState; words: AlertWords }) {
  const text = {
    granted: words.desktopGranted,
    askable: words.desktopAskable,
    blocked: words.desktopBlocked,
    missing: words.desktopMissing,
  };
  return <StateLine good={state === 'granted'} text={text[state]} />;
}

function StateLine({ good, text }: { good: boolean; text: string }) {
  return (
    <p class={good ? 'outcome good' : 'outcome bad'} role="status">
      {text}
    </p>
  );
}

/** Whether something that the agent wants is kept from them. */
export function isTroubled(): boolean {
  const { sound, desktop } = choices.value;
  return (sound && soundState.value !== 'ready') || (desktop && desktopState.value !== 'granted');
}
