// Who did what, when and from where, the newest first; older entries follow on demand, and all of them as a file.

import { useEffect } from 'preact/hooks';
import { query } from '../address';
import { type AdminWords, adminWords } from '../adminWords';
import { optionsOf } from '../agents';
import { allAgents, loadAgents } from '../agentsApi';
import { type FilterField, FilterForm } from '../FilterForm';
import { Link } from '../Link';
import { Moment } from '../Moment';
import { Pages, usePages } from '../Pages';
import { Region } from '../Region';
import { toView } from '../views';
import * as api from './auditApi';
import { type Field, read, write } from './place';

export function AuditLog({ signedOut }: { signedOut: () => void }) {
  const words = adminWords.value;
  const said = words.audit;
  const filter = read(query.value);
  const asked = usePages(
    before => api.entries(filter, before),
    entry => entry.id,
    JSON.stringify(filter),
    signedOut,
  );
  useEffect(() => void loadAgents(), []);
  return (
    <div class="admin-found">
      <FilterForm fields={fieldsOf(words)} values={filter} asked={asked} to={write} />
      <p class="admin-files">
        <span>{words.exportAs}</span>
        {(['csv', 'jsonl'] as const).map(format => (
          <a key={format} class="admin-button" href={api.exportAddress(filter, format)} download>
            {words[format]}
          </a>
        ))}
      </p>
      <Pages asked={asked} words={said}>
        {entries => (
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
              {entries.map(entry => (
                <Row key={entry.id} entry={entry} />
              ))}
            </tbody>
          </Region>
        )}
      </Pages>
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
