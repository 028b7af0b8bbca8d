// Inputs that several sections have.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { settingsWords } from './settingsWords';

export const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

interface RowProps {
  label: string;
  hint?: string;
  children: (ids: { id: string; 'aria-describedby'?: string }) => ComponentChildren;
}

/** A label, an input, and a hint below it. */
export function Row({ label, hint, children }: RowProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, ...(hint !== undefined && { 'aria-describedby': `${id}-hint` }) })}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface WrittenProps {
  label: string;
  hint: string;
  /** Its path below the section. */
  field: string;
  value: unknown;
  lines?: number;
  change: (value: unknown) => void;
}

/** The same in both languages. */
export function Written({ label, hint, field, value, lines = 1, change }: WrittenProps) {
  const words = settingsWords.value;
  const both = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const languages = [
    { key: 'en', tag: 'en', name: words.inEnglish },
    { key: 'zh', tag: 'zh-Hans', name: words.inChinese },
  ];
  return (
    <fieldset class="written">
      <legend>{label}</legend>
      <div class="fields">
        {languages.map(({ key, tag, name }) => (
          <Row key={key} label={name} hint={words.orOwnWords(hint)}>
            {ids => {
              const shared = {
                ...ids,
                lang: tag,
                dir: 'auto',
                value: asText(both[key]),
                'data-field': `${field}.${key}`,
                onInput: (event: Event) => {
                  const typed = (event.currentTarget as HTMLInputElement).value;
                  change({ ...both, [key]: typed });
                },
              } as const;
              return lines > 1 ? (
                <textarea rows={lines} {...shared} />
              ) : (
                <input type="text" autocomplete="off" {...shared} />
              );
            }}
          </Row>
        ))}
      </div>
    </fieldset>
  );
}
