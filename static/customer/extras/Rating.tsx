// How it was, once a conversation has ended. What was given stands in the stream, so it survives a reload.

import { useState } from 'preact/hooks';
import { locale } from '../../shared/ui/locale';
import { ask } from './api';
import type { ExtrasProps } from './Extras';
import { EXTRA_WORDS } from './words';

export function Rating({ live, id }: ExtrasProps) {
  const chat = live.value;
  const words = EXTRA_WORDS[locale.value.language];
  const given = chat.timeline(id)?.messages.findLast(message => message.event?.name === 'rated');
  const before = Number(given?.text[0] ?? 0);
  const [changing, setChanging] = useState(false);
  const [score, setScore] = useState(before);
  const [comment, setComment] = useState(given?.text.slice('5/5: '.length) ?? '');
  const [problem, setProblem] = useState('');
  const submit = async (event: Event) => {
    event.preventDefault();
    setProblem('');
    const path = `conversations/${id}/rating`;
    const { ok, body } = await ask(path, { score, comment });
    if (ok) setChanging(false);
    else if (body.code === 'conversation_closed') setProblem(words.tooLate);
    else setProblem(locale.value.error(String(body.code)));
  };
  if (before > 0 && !changing) {
    return (
      <p class="rated" role="status">
        {words.rated(before)}{' '}
        <button
          type="button"
          class="link"
          onClick={() => {
            setScore(before);
            setComment(given?.text.slice('5/5: '.length) ?? '');
            setChanging(true);
          }}
        >
          {words.rateChange}
        </button>
      </p>
    );
  }
  return (
    <form class="rating" onSubmit={submit}>
      <fieldset>
        <legend>{words.rate}</legend>
        <div class="scores">
          {words.scores.map((label, n) => (
            <label key={label} title={label} class={n < score ? 'on' : ''}>
              <input
                type="radio"
                name="score"
                class="hidden"
                checked={score === n + 1}
                onChange={() => setScore(n + 1)}
              />
              <span aria-hidden="true">★</span>
              <span class="hidden">{label}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {score > 0 && (
        <>
          <label class="labelled">
            {words.comment}
            <textarea
              rows={2}
              maxLength={1000}
              dir="auto"
              value={comment}
              onInput={event => setComment(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="primary">
            {words.rateSend}
          </button>
        </>
      )}
      <p class="bad" role="alert">
        {problem}
      </p>
    </form>
  );
}
