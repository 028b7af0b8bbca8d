// The conversations that fit a filter, and the one that is open. What is shown is what the address says.

import { useEffect, useRef, useState } from 'preact/hooks';
import { allTags, loadTags } from '../agent/tagsApi';
import type { WireError } from '../shared/core/wire';
import { go, query } from './address';
import { adminWords } from './adminWords';
import { optionsOf } from './agents';
import { allAgents, loadAgents } from './agentsApi';
import { Export } from './Export';
import { type FilterField, FilterForm } from './FilterForm';
import * as api from './historyApi';
import { Link } from './Link';
import { Moment } from './Moment';
import { Problem } from './Problem';
import { type Field, type Filter, type Place, read, write } from './place';
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
  const [found, setFound] = useState<api.Rows>({ rows: [], next: null });
  const [busy, setBusy] = useState(true);
  const [problem, setProblem] = useState<WireError | null>(null);
  const asked = useRef(0);
  const filter = JSON.stringify(place.filter);

  useEffect(() => {
    void loadTags();
    void loadAgents();
  }, []);

  /** From the beginning, or on from where it ended. A page may be short or empty, and still there is more. */
  const load = async (from: api.Rows | null) => {
    asked.current += 1;
    const mine = asked.current;
    setBusy(true);
    setProblem(null);
    let all = from ?? { rows: [], next: null };
    const enough = all.rows.length + 20;
    do {
      const { ok, error } = await api.rows(place.filter, all.next);
      if (mine !== asked.current) return;
      if (error !== null) {
        if (error.code === 'not_signed_in') return signedOut();
        setProblem(error);
        break;
      }
      // With words, one conversation may be found again by what was said earlier.
      const known = new Set(all.rows.map(row => row.conversation.id));
      const news = ok.rows.filter(row => !known.has(row.conversation.id));
      all = { rows: [...all.rows, ...news], next: ok.next };
    } while (all.next !== null && all.rows.length < enough);
    // What was there stays until there is something else.
    setFound(all);
    setBusy(false);
  };
  useEffect(() => void load(null), [filter]);

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
  const isEmpty = !busy && problem === null && found.rows.length === 0;
  return (
    <div class="admin-history">
      <FilterForm
        key={filter}
        fields={fieldsOf(words)}
        values={place.filter}
        refused={problem?.code === 'bad_request' ? problem : null}
        show={(next: Filter) => {
          if (JSON.stringify(next) === filter) void load(null);
          else go(write({ filter: next, open: null }));
        }}
      />
      <Export filter={place.filter} />
      {problem !== null && problem.code !== 'bad_request' && (
        <Problem problem={problem} again={() => void load(null)} />
      )}
      <p class="admin-count" role="status">
        {busy || problem !== null
          ? ''
          : isEmpty
            ? words.nothing
            : found.next === null
              ? words.found(found.rows.length)
              : words.foundMore(found.rows.length)}
      </p>
      {found.rows.length > 0 && (
        <div class="admin-rows" aria-busy={busy}>
          <Table rows={found.rows} place={place} />
          {found.next !== null && (
            <button
              type="button"
              class="plain"
              aria-disabled={busy}
              onClick={() => !busy && void load(found)}
            >
              {words.more}
            </button>
          )}
        </div>
      )}
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
                    {row.excerpt.map((piece, at) =>
                      piece.hit ? <mark key={at}>{piece.text}</mark> : piece.text,
                    )}
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
