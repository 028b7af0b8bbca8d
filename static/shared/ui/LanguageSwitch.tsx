// The button that turns the page into the other language; it speaks that language.

import { LANGUAGE_NAMES, TAGS } from '../core/i18n/choose';
import { locale, offered, switchTo } from './locale';

export function LanguageSwitch() {
  const others = offered.value.filter(language => language !== locale.value.language);
  return (
    <>
      {others.map(language => (
        <button
          type="button"
          class="quiet"
          key={language}
          lang={TAGS[language]}
          onClick={() => void switchTo(language)}
        >
          {LANGUAGE_NAMES[language]}
        </button>
      ))}
    </>
  );
}
