// A filter as fields. What the server refuses is said at its field.

import { useId } from 'preact/hooks';
import type { WireError } from '../shared/core/wire';
import { adminWords } from './adminWords';

/** A value and what it is called. */
export type Option = readonly [value: string, text: string];

export type FilterField<Name extends string> = { readonly name: Name; readonly label: string } & (
  | { readonly kind: 'date' | 'words' }
  | { readonly kind: 'choice'; readonly options: readonly Option[] }
);

interface FilterFormProps<Name extends string> {
  fields: readonly FilterField<Name>[];
  values: Readonly<Record<Name, string>>;
  /** What of it the server did not take. */
  refused: WireError | null;
  show: (values: Record<Name, string>) => void;
}

export function FilterForm<Name extends string>(props: FilterFormProps<Name>) {
  const { fields, values, refused, show } = props;
  const words = adminWords.value;
  const ids = useId();
  const wrong = refused === null ? null : (refused.field ?? '');
  const input = (field: FilterField<Name>) => {
    const { name } = field;
    const shared = {
      id: `${ids}-${name}`,
      name,
      'aria-invalid': wrong === name,
      'aria-describedby': wrong === name ? `${ids}-wrong` : undefined,
    };
    switch (field.kind) {
      case 'date':
        return <input {...shared} type="date" defaultValue={values[name]} />;
      case 'words':
        return (
          <input
            {...shared}
            type="search"
            dir="auto"
            autocomplete="off"
            maxLength={100}
            defaultValue={values[name]}
          />
        );
      case 'choice':
        return (
          <select {...shared}>
            {withOwn(field.options, values[name]).map(([value, text]) => (
              <option key={value} value={value} selected={values[name] === value}>
                {text}
              </option>
            ))}
          </select>
        );
    }
  };
  return (
    <form
      class="admin-filter"
      aria-label={words.filters}
      noValidate
      onSubmit={event => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        const next: Record<Name, string> = { ...values };
        for (const { name } of fields) next[name] = String(data.get(name) ?? '').trim();
        show(next);
      }}
    >
      <div class="admin-fields">
        {fields.map(field => (
          <div key={field.name} class="field">
            <label for={`${ids}-${field.name}`}>{field.label}</label>
            {input(field)}
          </div>
        ))}
      </div>
      {refused !== null && (
        <p id={`${ids}-wrong`} class="outcome bad" role="alert">
          {words.error(refused.code)} <bdi lang="en">{refused.message}</bdi>
        </p>
      )}
      <button type="submit" class="primary">
        {words.show}
      </button>
    </form>
  );
}

/** The options, and what an address asked for although it is none of them. */
function withOwn(options: readonly Option[], value: string): readonly Option[] {
  return options.some(([one]) => one === value) ? options : [...options, [value, value]];
}
