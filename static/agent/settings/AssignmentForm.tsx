// What the server does on its own with conversations: to whom it gives them, and when it takes them back.

import { assignmentWords } from './assignmentWords';
import { asText, Row } from './fields';
import type { FormProps } from './sections';

const MODES = ['off', 'round_robin', 'least_busy'] as const;

export function AssignmentForm({ value, change }: FormProps) {
  const words = assignmentWords.value;
  const number = (field: string, label: string, hint: string) => (
    <Row label={label} hint={hint}>
      {ids => (
        <input
          {...ids}
          type="text"
          inputMode="numeric"
          autocomplete="off"
          maxLength={6}
          data-field={field}
          value={typeof value[field] === 'number' ? String(value[field]) : asText(value[field])}
          onInput={event => change({ [field]: asNumber(event.currentTarget.value) })}
        />
      )}
    </Row>
  );
  return (
    <>
      <fieldset class="choices" data-field="mode" tabIndex={-1}>
        <legend>{words.mode}</legend>
        {MODES.map(mode => (
          <label key={mode}>
            <input
              type="radio"
              name="assignment-mode"
              checked={value.mode === mode}
              onChange={() => change({ mode })}
            />
            {words.modes[mode]}
          </label>
        ))}
      </fieldset>
      <div class="fields">
        {number('capacity', words.capacity, words.capacityHint)}
        {number('grace_s', words.grace, words.graceHint)}
        {number('return_after_s', words.returnAfter, words.returnAfterHint)}
      </div>
    </>
  );
}

/** What is no number is sent as it is typed, and refused by the server like any other wrong value. */
function asNumber(typed: string): number | string {
  return /^\s*\d+\s*$/.test(typed) ? Number(typed) : typed;
}
