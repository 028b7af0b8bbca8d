// A filter as fields. What was asked is in the address; what the server refuses is said at its field.

import { useId } from 'preact/hooks';
import type { WireError } from '../shared/core/wire';
import { go } from './address';
import { adminWords } from './adminWords';
import { Problem } from './Problem';
import type { Asked } from './useAnswer';

/** A value and what it is called. */
export type Option = readonly [value: string, text: string];

export type FilterField<Name extends string> = { readonly name: Name; readonly label: string } & (
  | { readonly kind: 'date' | 'words' }
  | { readonly kind: 'choice'; readonly options: readonly Option[] }
);

interface FilterFormProps<Name extends string> {
  fields: readonly FilterField<Name>[];
  /** What each may hold, where it is not as everywhere. */
  allowed?: Readonly<Record<string, string>>;
  /** What is asked for now. */
  values: Readonly<Record<Name, string>>;
  /** What came of it. */
  asked: Pick<Asked<never>, 'problem' | 'load'>;
  /** The address of what is asked for with other values. */
  to: (values: Readonly<Record<Name, string>>) => URLSearchParams;
}

export function FilterForm<Name extends string>(props: FilterFormProps<Name>) {
  const { problem, load } = props.asked;
  return (
    <>
      <Form key={JSON.stringify(props.values)} {...props} />
      {problem !== null && !isRefusal(problem) && (
        <Problem problem={problem} again={() => void load()} />
      )}
    </>
  );
}

/** What was asked for is at fault. */
const isRefusal = (problem: WireError) => problem.code === 'bad_request';

function Form<Name extends string>(props: FilterFormProps<Name>) {
  const words = adminWords.value;
  const { fields, values, asked, to, allowed = words.allowed } = props;
  const ids = useId();
  const refused = asked.problem !== null && isRefusal(asked.problem) ? asked.problem : null;
  const wrong = refused === null ? null : (refused.field ?? '');
  /** In the page's language, unless it is about something that has no field here. */
  const why = (refused: WireError) => {
    const label = fields.find(({ name }) => name === wrong)?.label;
    const may = allowed[wrong ?? ''];
    if (label === undefined || may === undefined) return <bdi lang="en">{refused.message}</bdi>;
    return words.allowedIs(label, may);
  };
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
        if (JSON.stringify(next) === JSON.stringify(values)) void asked.load();
        else go(to(next));
      }}
    >
      <div class="admin-fields">
        {fields.map(field => (
          <div key={field.name} class="field">
            <label for={`${ids}-${field.name}`}>{field.label}</label>
            {input(field)}
          </div>
        ))}
        <button type="submit" class="primary">
          {words.show}
        </button>
      </div>
      {refused !== null && (
        <p id={`${ids}-wrong`} class="outcome bad" role="alert">
          {words.refused}
          {why(refused)}
        </p>
      )}
    </form>
  );
}

/** The options, and what an address asked for although it is none of them. */
function withOwn(options: readonly Option[], value: string): readonly Option[] {
  return options.some(([one]) => one === value) ? options : [...options, [value, value]];
}
