// Which languages the customer's page offers.

import { LANGUAGES } from '../../shared/core/i18n';
import { asText, Row } from './fields';
import type { FormProps } from './sections';
import { settingsWords } from './settingsWords';

export function LanguagesForm({ value, change }: FormProps) {
  const words = settingsWords.value;
  const names = { en: words.inEnglish, zh: words.inChinese };
  const offered = Array.isArray(value.offered) ? value.offered : [];
  return (
    <>
      <fieldset class="choices" data-field="offered" tabIndex={-1}>
        <legend>{words.offered}</legend>
        {LANGUAGES.map(language => (
          <label key={language}>
            <input
              type="checkbox"
              checked={offered.includes(language)}
              onChange={event => {
                const on = event.currentTarget.checked;
                const some = LANGUAGES.filter(one =>
                  one === language ? on : offered.includes(one),
                );
                change({ offered: some });
              }}
            />
            {names[language]}
          </label>
        ))}
      </fieldset>
      <Row label={words.defaultLanguage}>
        {ids => (
          <select
            {...ids}
            data-field="default"
            value={asText(value.default)}
            onChange={event => change({ default: event.currentTarget.value })}
          >
            {LANGUAGES.map(language => (
              <option key={language} value={language}>
                {names[language]}
              </option>
            ))}
          </select>
        )}
      </Row>
    </>
  );
}
