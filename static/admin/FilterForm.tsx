// The filter as fields. What the server refuses is said at its field.

import { useId, useRef } from 'preact/hooks';
import type { Tag, WireError } from '../shared/core/wire';
import { adminWords } from './adminWords';
import { FIELDS, type Field, type Filter } from './place';

interface FilterFormProps {
  filter: Filter;
  tags: readonly Tag[];
  /** What of it the server did not take. */
  refused: WireError | null;
  show: (filter: Filter) => void;
}

export function FilterForm({ filter, tags, refused, show }: FilterFormProps) {
  const words = adminWords.value;
  const form = useRef<HTMLFormElement>(null);
  const ids = useId();
  const wrong = refused === null ? null : (refused.field ?? '');
  const shared = (name: Field) => ({
    id: `${ids}-${name}`,
    name,
    'aria-invalid': wrong === name,
    'aria-describedby': wrong === name ? `${ids}-wrong` : undefined,
  });
  const date = (name: Field, label: string) => (
    <div class="field">
      <label for={`${ids}-${name}`}>{label}</label>
      <input {...shared(name)} type="date" defaultValue={filter[name]} />
    </div>
  );
  const field = (name: Field, label: string) => (
    <div class="field">
      <label for={`${ids}-${name}`}>{label}</label>
      <input
        {...shared(name)}
        type="search"
        dir="auto"
        autocomplete="off"
        maxLength={100}
        defaultValue={filter[name]}
      />
    </div>
  );
  const choice = (name: Field, label: string, options: readonly (readonly [string, string])[]) => (
    <div class="field">
      <label for={`${ids}-${name}`}>{label}</label>
      <select {...shared(name)}>
        <option value="">{words.any}</option>
        {options.map(([value, text]) => (
          <option key={value} value={value} selected={filter[name] === value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
  const scores = ['5', '4', '3', '2', '1'].map(n => [n, words.stars(Number(n))] as const);
  return (
    <form
      ref={form}
      class="admin-filter"
      aria-label={words.filters}
      noValidate
      onSubmit={event => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        const next = { ...filter };
        for (const name of FIELDS) next[name] = String(data.get(name) ?? '').trim();
        show(next);
      }}
    >
      <div class="admin-fields">
        {date('from', words.from)}
        {date('to', words.to)}
        {field('q', words.textLabel)}
        {field('customer_text', words.customerText)}
        {field('agent', words.agentId)}
        {choice('status', words.statusLabel, Object.entries(words.statuses))}
        {choice(
          'tag',
          words.tagLabel,
          tags.map(tag => [tag.id, tag.name] as const),
        )}
        {choice('rating', words.ratingLabel, [
          ['rated', words.rated],
          ['unrated', words.unrated],
          ...scores,
        ])}
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
