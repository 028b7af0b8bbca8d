// What a customer is asked for.

import type { FormProps } from './sections';
import { settingsWords } from './settingsWords';

export function AskingForm({ value, change }: FormProps) {
  const words = settingsWords.value;
  const choices = [
    { name: 'contact', label: words.askContact },
    { name: 'rating', label: words.askRating },
  ];
  return (
    <div class="choices">
      {choices.map(({ name, label }) => (
        <label key={name}>
          <input
            type="checkbox"
            data-field={name}
            checked={value[name] === true}
            onChange={event => change({ [name]: event.currentTarget.checked })}
          />
          {label}
        </label>
      ))}
    </div>
  );
}
