// The button that turns the page into the other language; it speaks that language.

import { Locale } from '../core/i18n';
import { locale, offered, switchTo } from './locale';

export function LanguageSwitch() {
  const others = offered.value.filter(language => language !== locale.value.language);
  return (
    <>
      {others.map(language => {
        const { words, tag } = new Locale(language);
        return (
          <button
            type="button"
            class="quiet"
            key={language}
            lang={tag}
            onClick={() => switchTo(language)}
          >
            {words.languageName}
          </button>
        );
      })}
    </>
  );
}
