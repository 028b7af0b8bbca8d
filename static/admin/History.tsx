// The conversations that fit a filter, and the one that is open. What is shown is what the address says.

import { useEffect } from 'preact/hooks';
import { Excerpt } from '../agent/Excerpt';
import { allTags, loadTags } from '../agent/tagsApi';
import { go, query } from './address';
import { adminWords } from './adminWords';
import { optionsOf } from './agents';
import { allAgents, loadAgents } from './agentsApi';
import { Export } from './Export';
import { type FilterField, FilterForm } from './FilterForm';
import * as api from './historyApi';
import { Link } from './Link';
import { Moment } from './Moment';
import { Pages, usePages } from './Pages';
import { type Field, type Place, read, write } from './place';
import { Region } from './Region';
import { Transcript } from './Transcript';
import { took } from './took';

interface HistoryProps {
  isAdmin: boolean;
  signedOut: () => void;
}

export function History({ isAdmin, signedOut }: HistoryProps) {
  const words = adminWords.value;
  const place = read(query.value, new Date());
  const asked = usePages(
    before => api.rows(place.filter, before),
    row => row.conversation.id,
    JSON.stringify(place.filter),
    signedOut,
  );

  useEffect(() => {
    void loadTags();
    void loadAgents();
  }, []);

  if (place.open !== null) {
    return (
      <Transcript
        key={place.open}
        id={place.open}
        words={place.filter.q}
        isAdmin={isAdmin}
        signedOut={signedOut}
        shut={() => go(write({ ...place, open: null }))}
      />
    );
  }
  return (
    <div class="admin-history">
      <FilterForm
        fields={fieldsOf(words)}
        values={place.filter}
        asked={asked}
        to={filter => write({ filter, open: null })}
      />
      <Export filter={place.filter} />
      <Pages asked={asked} words={words}>
        {rows => <Table rows={rows} place={place} />}
      </Pages>
    </div>
  );
}

interface TableProps {
  rows: readonly api.Row[];
  place: Place;
}

function Table({ rows, place }: TableProps) {
  const words = adminWords.value;
  const { columns } = words;
  return (
    <Region label={words.history}>
      <thead>
        <tr>
          {Object.entries(columns).map(([name, column]) => (
            <th key={name} scope="col" class={NUMBERS.has(name) ? 'number' : undefined}>
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(row => {
          const { conversation: one } = row;
          return (
            <tr key={one.id}>
              <td class="nowrap">
                <Moment at={one.created_at} />
              </td>
              <th scope="row">
                <Link to={write({ ...place, open: one.id })}>
                  <bdi>{nameOf(one.customer, words)}</bdi>
                </Link>
                {row.excerpt.length > 0 && (
                  <p class="admin-excerpt" dir="auto">
                    <Excerpt pieces={row.excerpt} />
                  </p>
                )}
              </th>
              <td>
                <bdi>{one.agent?.name ?? ''}</bdi>
              </td>
              <td class="nowrap">{words.statuses[one.status] ?? one.status}</td>
              <td class="number">{words.number(row.messages)}</td>
              <td class="number nowrap">
                {row.firstResponseMs === null ? '' : took(row.firstResponseMs, words)}
              </td>
              <td class="number">{row.rating === null ? '' : row.rating.score}</td>
              <td>
                <bdi>{one.tags?.map(tag => tag.name).join(', ') ?? ''}</bdi>
              </td>
            </tr>
          );
        })}
      </tbody>
    </Region>
  );
}

/** The columns of which the figures stand below each other. */
const NUMBERS = new Set(['messages', 'first', 'rating']);

type Words = typeof adminWords.value;

function fieldsOf(words: Words): readonly FilterField<Field>[] {
  const scores = ['5', '4', '3', '2', '1'].map(n => [n, words.stars(Number(n))] as const);
  const any = ['', words.any] as const;
  return [
    { name: 'from', label: words.from, kind: 'date' },
    { name: 'to', label: words.to, kind: 'date' },
    { name: 'q', label: words.textLabel, kind: 'words' },
    { name: 'customer_text', label: words.customerText, kind: 'words' },
    {
      name: 'agent',
      label: words.agentLabel,
      kind: 'choice',
      options: [any, ['none', words.nobody], ...optionsOf(allAgents.value, words.disabledAgent)],
    },
    {
      name: 'status',
      label: words.statusLabel,
      kind: 'choice',
      options: [any, ...Object.entries(words.statuses)],
    },
    {
      name: 'channel',
      label: words.channelLabel,
      kind: 'choice',
      options: [any, ...Object.entries(words.channels)],
    },
    {
      name: 'tag',
      label: words.tagLabel,
      kind: 'choice',
      options: [any, ...allTags.value.map(tag => [tag.id, tag.name] as const)],
    },
    {
      name: 'rating',
      label: words.ratingLabel,
      kind: 'choice',
      options: [any, ['rated', words.rated], ['unrated', words.unrated], ...scores],
    },
  ];
}

function nameOf(customer: { id: string; name: string | null } | null, words: Words): string {
  if (customer === null) return words.everybody;
  return customer.name ?? words.noName(customer.id);
}
