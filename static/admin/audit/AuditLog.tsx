// Who did what, when and from where, the newest first; older entries follow on demand, and all of them as a file.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { WireError } from '../../shared/core/wire';
import { go, query } from '../address';
import { type AdminWords, adminWords } from '../adminWords';
import { optionsOf } from '../agents';
import { allAgents, loadAgents } from '../agentsApi';
import { type FilterField, FilterForm } from '../FilterForm';
import { Link } from '../Link';
import { Moment } from '../Moment';
import { Problem } from '../Problem';
import { Region } from '../Region';
import { toView } from '../views';
import * as api from './auditApi';
import { type Field, read, write } from './place';

const NOTHING: api.Entries = { entries: [], next: null };

export function AuditLog({ signedOut }: { signedOut: () => void }) {
  const words = adminWords.value;
  const said = words.audit;
  const asked = read(query.value);
  const key = JSON.stringify(asked);
  const [found, setFound] = useState(NOTHING);
  const [busy, setBusy] = useState(true);
  const [problem, setProblem] = useState<WireError | null>(null);
  const latest = useRef(0);
  /** From the newest entry, or on from where it ended. */
  const load = async (from: api.Entries) => {
    latest.current += 1;
    const mine = latest.current;
    setBusy(true);
    setProblem(null);
    const { ok, error } = await api.entries(asked, from.next);
    if (mine !== latest.current) return;
    setBusy(false);
    if (error === null) setFound({ entries: [...from.entries, ...ok.entries], next: ok.next });
    else if (error.code === 'not_signed_in') signedOut();
    else setProblem(error);
  };
  useEffect(() => void load(NOTHING), [key]);
  useEffect(() => void loadAgents(), []);
  const isRefused = problem?.code === 'bad_request';
  const isSettled = !busy && problem === null;
  return (
    <div class="admin-found">
      <FilterForm
        key={key}
        fields={fieldsOf(words)}
        values={asked}
        refused={isRefused ? problem : null}
        show={next => {
          if (JSON.stringify(next) === key) void load(NOTHING);
          else go(write(next));
        }}
      />
      <p class="admin-files">
        {words.exportAs}
        {(['csv', 'jsonl'] as const).map(format => (
          <a key={format} href={api.exportAddress(asked, format)} download>
            {words[format]}
          </a>
        ))}
      </p>
      {problem !== null && !isRefused && (
        <Problem problem={problem} again={() => void load(NOTHING)} />
      )}
      <p class="admin-count" role="status">
        {isSettled &&
          (found.entries.length === 0
            ? said.nothing
            : (found.next === null ? said.found : said.foundMore)(
                words.number(found.entries.length),
              ))}
      </p>
      {found.entries.length > 0 && (
        <div class="admin-rows" aria-busy={busy}>
          <Region label={words.views.audit}>
            <thead>
              <tr>
                {Object.values(said.columns).map(column => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.entries.map(entry => (
                <Row key={entry.id} entry={entry} />
              ))}
            </tbody>
          </Region>
          {found.next !== null && (
            <button
              type="button"
              class="plain"
              aria-disabled={busy}
              onClick={() => !busy && void load(found)}
            >
              {said.older}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function fieldsOf(words: AdminWords): readonly FilterField<Field>[] {
  const any = ['', words.any] as const;
  return [
    { name: 'from', label: words.from, kind: 'date' },
    { name: 'to', label: words.to, kind: 'date' },
    {
      name: 'agent',
      label: words.audit.columns.who,
      kind: 'choice',
      options: [any, ...optionsOf(allAgents.value, words.disabledAgent)],
    },
    {
      name: 'action',
      label: words.audit.columns.what,
      kind: 'choice',
      options: [any, ...Object.entries(words.audit.actions)],
    },
  ];
}

function Row({ entry }: { entry: api.Entry }) {
  const words = adminWords.value;
  const { actions, nobody } = words.audit;
  return (
    <tr>
      <td class="nowrap">
        <Moment at={entry.at} />
      </td>
      <td>{entry.username === '' ? nobody : <bdi>{entry.username}</bdi>}</td>
      <th scope="row">{actions[entry.action] ?? entry.action}</th>
      <td>{entry.subject !== null && <Subject {...entry.subject} />}</td>
      <td class="nowrap">{entry.address}</td>
      <td class="admin-details">
        {entry.details.map(([name, value]) => (
          <span key={name} lang="en">
            {name}: <bdi>{value}</bdi>
          </span>
        ))}
      </td>
    </tr>
  );
}

/** What it was done to; conversations and customers are a step away, accounts have a name. */
function Subject({ kind, id }: { kind: string; id: string }) {
  const { subjects } = adminWords.value.audit;
  const told = subjects[kind]?.(id) ?? `${kind} ${id}`;
  switch (kind) {
    case 'conversation':
      return <Link to={toView('history', { conversation: id })}>{told}</Link>;
    case 'customer':
      return <Link to={toView('cleanup', { customer: id })}>{told}</Link>;
    default: {
      const agent = kind === 'account' ? allAgents.value.find(one => one.id === id) : undefined;
      return <bdi>{agent?.name ?? told}</bdi>;
    }
  }
}
