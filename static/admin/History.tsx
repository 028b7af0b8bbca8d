// The conversations that fit a filter, and the one that is open. What is shown is what the address says.

import { useEffect, useRef, useState } from 'preact/hooks';
import { allTags, loadTags } from '../agent/tagsApi';
import type { WireError } from '../shared/core/wire';
import { locale } from '../shared/ui/locale';
import { adminWords } from './adminWords';
import { Export } from './Export';
import { FilterForm } from './FilterForm';
import * as api from './historyApi';
import { type Filter, type Place, read, write } from './place';
import { Transcript } from './Transcript';

const here = () => read(location.search, new Date());

export function History({ signedOut }: { signedOut: () => void }) {
  const words = adminWords.value;
  const [place, setPlace] = useState<Place>(here);
  const [found, setFound] = useState<api.Rows>({ rows: [], next: null });
  const [busy, setBusy] = useState(true);
  const [problem, setProblem] = useState<WireError | null>(null);
  const asked = useRef(0);
  const filter = JSON.stringify(place.filter);

  useEffect(() => {
    const moved = () => setPlace(here());
    window.addEventListener('popstate', moved);
    return () => window.removeEventListener('popstate', moved);
  }, []);
  useEffect(() => void loadTags(), []);

  const go = (next: Place) => {
    history.pushState(null, '', `?${write(next)}`);
    setPlace(next);
  };

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
        signedOut={signedOut}
        shut={() => go({ ...place, open: null })}
      />
    );
  }
  const isEmpty = !busy && problem === null && found.rows.length === 0;
  return (
    <div class="admin-history">
      <FilterForm
        key={filter}
        filter={place.filter}
        tags={allTags.value}
        refused={problem?.code === 'bad_request' ? problem : null}
        show={(next: Filter) => {
          if (JSON.stringify(next) === filter) void load(null);
          else go({ filter: next, open: null });
        }}
      />
      <Export filter={place.filter} />
      {problem !== null && problem.code !== 'bad_request' && (
        <p class="load-problem" role="alert">
          {words.couldNotLoad} {words.error(problem.code)}{' '}
          <button type="button" class="link" onClick={() => void load(null)}>
            {words.tryAgain}
          </button>
        </p>
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
          <Table rows={found.rows} place={place} go={go} />
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
  go: (place: Place) => void;
}

function Table({ rows, place, go }: TableProps) {
  const words = adminWords.value;
  const { columns } = words;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region needs the keyboard
    <section class="admin-scroll" tabIndex={0} aria-label={words.history}>
      <table>
        <thead>
          <tr>
            {Object.values(columns).map(column => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => {
            const { conversation: one } = row;
            const target = { ...place, open: one.id };
            return (
              <tr key={one.id}>
                <td class="nowrap">
                  <time dateTime={one.created_at}>{when(one.created_at)}</time>
                </td>
                <th scope="row">
                  <a
                    href={`?${write(target)}`}
                    onClick={event => {
                      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                      event.preventDefault();
                      go(target);
                    }}
                  >
                    <bdi>{nameOf(one.customer, words)}</bdi>
                  </a>
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
      </table>
    </section>
  );
}

type Words = typeof adminWords.value;

function nameOf(customer: { id: string; name: string | null } | null, words: Words): string {
  if (customer === null) return words.everybody;
  return customer.name ?? words.noName(customer.id);
}

/** A duration in the largest unit that is not less than one. */
function took(ms: number, words: Words): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 90) return words.seconds(seconds);
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? words.minutes(minutes) : words.hours(Math.round(minutes / 60));
}

function when(at: string): string {
  const date = new Date(at);
  const { tag } = locale.value;
  return date.toLocaleString(tag, { dateStyle: 'medium', timeStyle: 'short' });
}
