// A labelled input with a hint below it.

import type { Ref } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  label: string;
  hint?: string;
  input: Ref<HTMLInputElement>;
  type?: 'text' | 'password';
  /** For whoever fills in forms on a person's behalf. */
  autocomplete: 'off' | 'current-password' | 'new-password' | 'one-time-code';
  initial?: string;
  /** UTF-16 units, as browsers count. */
  maxLength?: number;
  required?: boolean;
  /** Only digits are typed into it. */
  digits?: boolean;
}

export function Field({ label, hint, input, type, initial, maxLength, ...rest }: FieldProps) {
  const id = useId();
  const shared = {
    ref: input,
    id,
    autocomplete: rest.autocomplete,
    autocapitalize: 'none',
    spellcheck: false,
    required: rest.required === true,
    inputMode: rest.digits === true ? 'numeric' : undefined,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
    ...(initial !== undefined && { defaultValue: initial }),
    ...(maxLength !== undefined && { maxLength }),
  } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'password' ? (
        <input type="password" {...shared} />
      ) : (
        <input type="text" {...shared} />
      )}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
