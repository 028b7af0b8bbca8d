// What a customer reads before the first message.

import { Written } from './fields';
import type { FormProps } from './sections';
import { settingsWords } from './settingsWords';

export function GreetingForm({ value, change }: FormProps) {
  const words = settingsWords.value;
  return (
    <>
      <Written
        label={words.greetingTitle}
        hint={words.greetingTitleHint}
        field="title"
        value={value.title}
        change={title => change({ title })}
      />
      <Written
        label={words.greetingText}
        hint={words.greetingTextHint}
        field="text"
        lines={3}
        value={value.text}
        change={text => change({ text })}
      />
    </>
  );
}
