// Name, colour and logo of the business.

import { useRef, useState } from 'preact/hooks';
import { asText, Row } from './fields';
import type { FormProps } from './sections';
import { settingsWords } from './settingsWords';

const LOGO_BYTES = 64 << 10;
const LOGO_TYPES = ['image/png', 'image/jpeg', 'image/webp'];
const OWN_ACCENT = '#1d5fc4';

export function LookForm({ value, change }: FormProps) {
  const words = settingsWords.value;
  const accent = asText(value.accent);
  return (
    <>
      <Row label={words.name} hint={words.orOwnWords(words.nameHint)}>
        {ids => (
          <input
            {...ids}
            type="text"
            dir="auto"
            autocomplete="off"
            data-field="name"
            value={asText(value.name)}
            onInput={event => change({ name: event.currentTarget.value })}
          />
        )}
      </Row>
      <div class="choices">
        <label>
          <input
            type="checkbox"
            checked={value.accent !== null}
            onChange={event => change({ accent: event.currentTarget.checked ? OWN_ACCENT : null })}
          />
          {words.accentOwn}
        </label>
      </div>
      {value.accent !== null && (
        <Row label={words.accent} hint={words.accentHint}>
          {ids => (
            <div class="colour">
              <input
                {...ids}
                type="text"
                autocomplete="off"
                spellcheck={false}
                maxLength={7}
                data-field="accent"
                value={accent}
                onInput={event => change({ accent: event.currentTarget.value.trim() })}
              />
              <input
                type="color"
                aria-label={words.accent}
                value={/^#[0-9a-f]{6}$/i.test(accent) ? accent.toLowerCase() : OWN_ACCENT}
                onInput={event => change({ accent: event.currentTarget.value })}
              />
            </div>
          )}
        </Row>
      )}
      <Logo value={value.logo} change={logo => change({ logo })} />
    </>
  );
}

function Logo({ value, change }: { value: unknown; change: (logo: string | null) => void }) {
  const words = settingsWords.value;
  const [problem, setProblem] = useState('');
  const picker = useRef<HTMLInputElement>(null);
  const logo = asText(value);
  const choose = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (file === undefined) return;
    setProblem('');
    if (!LOGO_TYPES.includes(file.type)) setProblem(words.logoWrong);
    else if (file.size > LOGO_BYTES) setProblem(words.logoTooLarge);
    else change(await dataUrl(file));
    input.value = '';
  };
  return (
    <>
      <Row label={words.logo} hint={words.logoHint}>
        {ids => (
          <div class="logo-row">
            {logo === '' ? (
              <span class="hint">{words.logoNone}</span>
            ) : (
              <img class="logo-sample" src={logo} alt={words.logo} />
            )}
            {/* The browser's own button would speak the browser's language. */}
            <button
              {...ids}
              type="button"
              class="plain"
              aria-label={`${words.logo}: ${words.logoChoose}`}
              data-field="logo"
              onClick={() => picker.current?.click()}
            >
              {words.logoChoose}
            </button>
            <input
              ref={picker}
              type="file"
              hidden
              accept={LOGO_TYPES.join(',')}
              onChange={event => choose(event.currentTarget)}
            />
            {logo !== '' && (
              <button type="button" class="plain" onClick={() => change(null)}>
                {words.logoRemove}
              </button>
            )}
          </div>
        )}
      </Row>
      <p class="outcome bad" role="alert">
        {problem}
      </p>
    </>
  );
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
