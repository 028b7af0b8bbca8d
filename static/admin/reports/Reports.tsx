// How much was said and how soon it was answered, as charts and as the same figures in tables.

import { useEffect, useMemo } from 'preact/hooks';
import { locale } from '../../shared/ui/locale';
import { query } from '../address';
import { type AdminWords, adminWords } from '../adminWords';
import { optionsOf } from '../agents';
import { allAgents, loadAgents } from '../agentsApi';
import { type FilterField, FilterForm } from '../FilterForm';
import { zone } from '../historyApi';
import { Folded, Part } from '../Part';
import { Region } from '../Region';
import { took } from '../took';
import { useAnswer } from '../useAnswer';
import { DURATIONS, NUMBERS } from './apart';
import { Chart } from './Chart';
import { type Field, read, write } from './place';
import * as api from './reportsApi';
import { days, hours, things } from './steps';

export function Reports({ signedOut }: { signedOut: () => void }) {
  const words = adminWords.value;
  const filter = read(query.value, new Date(), zone());
  const asked = useAnswer(() => api.report(filter), JSON.stringify(filter), signedOut);
  useEffect(() => void loadAgents(), []);
  const { found, busy } = asked;
  return (
    <div class="admin-reports">
      <FilterForm
        fields={fieldsOf(words)}
        allowed={{ ...words.allowed, to: words.reports.mostDays }}
        values={filter}
        asked={asked}
        to={write}
      />
      <div class="admin-found" aria-busy={busy}>
        {found !== null && <Shown report={found} />}
      </div>
    </div>
  );
}

function fieldsOf(words: AdminWords): readonly FilterField<Field>[] {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter(name => name !== 'UTC')];
  return [
    { name: 'from', label: words.from, kind: 'date' },
    { name: 'to', label: words.to, kind: 'date' },
    {
      name: 'tz',
      label: words.reports.zone,
      kind: 'choice',
      options: zones.map(name => [name, name.replaceAll('_', ' ')] as const),
    },
    {
      name: 'agent',
      label: words.agentLabel,
      kind: 'choice',
      options: [['', words.reports.everybody], ...optionsOf(allAgents.value, words.disabledAgent)],
    },
  ];
}

function Shown({ report }: { report: api.Report }) {
  const words = adminWords.value;
  const said = words.reports;
  const { formats } = locale.value;
  const number = words.number;
  const long = (ms: number) => took(ms, words);
  const steps = useMemo(() => {
    const ofDays = days(
      report.days.map(day => day.date),
      formats,
    );
    const moments = report.activity.map(step => step.at);
    return {
      days: ofDays,
      // In steps of a day they are the same days.
      activity: report.step === 'day' ? ofDays : hours(moments, report.zone, formats),
      scores: things(['1', '2', '3', '4', '5']),
    };
  }, [report, formats]);
  const lines = useMemo(() => {
    const figures = report.days.map(day => day.figures);
    const both = (spread: (one: api.Figures) => api.Spread) => [
      { name: said.median, values: figures.map(one => spread(one).median) },
      { name: said.p90, values: figures.map(one => spread(one).p90) },
    ];
    return {
      activity: [
        { name: said.fromCustomers, values: report.activity.map(step => step.fromCustomers) },
        { name: said.fromAgents, values: report.activity.map(step => step.fromAgents) },
      ],
      conversations: [{ name: said.conversations, values: figures.map(one => one.conversations) }],
      firstResponse: both(one => one.firstResponse),
      timeToClose: both(one => one.timeToClose),
      scores: [{ name: said.ratings, values: report.total.scores }],
    };
  }, [report, said]);
  const perStep = report.step === 'day' ? said.messagesPerDay : said.messagesPerHour;
  const { total } = report;
  const isEmpty = total.conversations + total.fromCustomers + total.fromAgents === 0;
  const counts = { kind: 'bars', show: number, apart: NUMBERS } as const;
  const durations = { kind: 'lines', show: long, apart: DURATIONS } as const;
  return (
    <>
      <p class="admin-count" role="status">
        {isEmpty ? said.nothing : ''}
      </p>
      <Summary figures={total} />
      <div class="charts">
        <Chart
          {...counts}
          kind="lines"
          title={perStep}
          steps={steps.activity}
          lines={lines.activity}
        />
        <Chart
          {...counts}
          title={said.conversationsPerDay}
          steps={steps.days}
          lines={lines.conversations}
        />
        <Chart
          {...durations}
          title={said.firstResponsePerDay}
          steps={steps.days}
          lines={lines.firstResponse}
        />
        <Chart
          {...durations}
          title={said.timeToClosePerDay}
          steps={steps.days}
          lines={lines.timeToClose}
        />
        <Chart {...counts} title={said.howRated} steps={steps.scores} lines={lines.scores} />
      </div>
      <p class="hint">{said.about}</p>
      <Part title={said.byDay}>
        <FiguresTable
          title={said.byDay}
          columns={[said.day]}
          rows={report.days.map(({ date, figures }, at) => ({
            key: date,
            names: [steps.days.names[at] ?? date],
            figures,
          }))}
          total={total}
        />
      </Part>
      <Part title={said.byAgent}>
        <FiguresTable
          title={said.byAgent}
          columns={[said.agent]}
          rows={report.agents.map(({ id, name, figures }) => ({ key: id, names: [name], figures }))}
        />
      </Part>
      <Folded title={said.byAgentAndDay}>
        <FiguresTable
          title={said.byAgentAndDay}
          columns={[said.agent, said.day]}
          rows={report.agentDays.map(({ id, name, date, figures }) => ({
            key: `${id} ${date}`,
            names: [name, days([date], formats).names[0] ?? date],
            figures,
          }))}
        />
      </Folded>
      <Folded title={said.figures(perStep)}>
        <Region label={said.figures(perStep)}>
          <Head names={[said.time]} figures={[said.fromCustomers, said.fromAgents]} />
          <tbody>
            {report.activity.map((step, at) => (
              <tr key={step.at}>
                <th scope="row">
                  <time dateTime={step.at}>{steps.activity.names[at]}</time>
                </th>
                <td class="number">{number(step.fromCustomers)}</td>
                <td class="number">{number(step.fromAgents)}</td>
              </tr>
            ))}
          </tbody>
        </Region>
      </Folded>
      <Folded title={said.figures(said.howRated)}>
        <Region label={said.figures(said.howRated)}>
          <Head names={[said.score]} figures={[said.conversations]} />
          <tbody>
            {total.scores.map((many, at) => (
              <tr key={at}>
                <th scope="row">{number(at + 1)}</th>
                <td class="number">{number(many)}</td>
              </tr>
            ))}
          </tbody>
        </Region>
      </Folded>
    </>
  );
}

function Head({ names, figures }: { names: readonly string[]; figures: readonly string[] }) {
  return (
    <thead>
      <tr>
        {names.map(name => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
        {figures.map(figure => (
          <th key={figure} scope="col" class="number">
            {figure}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** What there is to say of some conversations, each by its name. */
function figuresOf(words: AdminWords): readonly (readonly [string, (of: api.Figures) => string])[] {
  const said = words.reports;
  const long = (ms: number | null) => (ms === null ? '–' : took(ms, words));
  const mean = (of: api.Figures) =>
    of.meanRating?.toLocaleString(locale.value.tag, { maximumFractionDigits: 1 }) ?? '–';
  return [
    [said.conversations, of => words.number(of.conversations)],
    [said.closed, of => words.number(of.closed)],
    [said.fromCustomers, of => words.number(of.fromCustomers)],
    [said.fromAgents, of => words.number(of.fromAgents)],
    [said.medianOf(said.firstResponse), of => long(of.firstResponse.median)],
    [said.p90Of(said.firstResponse), of => long(of.firstResponse.p90)],
    [said.medianOf(said.timeToClose), of => long(of.timeToClose.median)],
    [said.p90Of(said.timeToClose), of => long(of.timeToClose.p90)],
    [said.rated, of => words.number(of.rated)],
    [said.mean, mean],
  ];
}

function Summary({ figures }: { figures: api.Figures }) {
  const words = adminWords.value;
  return (
    <dl class="admin-summary" aria-label={words.reports.summary}>
      {figuresOf(words).map(([name, told]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{told(figures)}</dd>
        </div>
      ))}
    </dl>
  );
}

interface FiguresTableProps {
  title: string;
  /** What the rows are named by. */
  columns: readonly string[];
  rows: readonly {
    readonly key: string;
    readonly names: readonly string[];
    readonly figures: api.Figures;
  }[];
  total?: api.Figures;
}

function FiguresTable({ title, columns, rows, total }: FiguresTableProps) {
  const words = adminWords.value;
  if (rows.length === 0) return <p class="hint">{words.reports.nothing}</p>;
  const all = figuresOf(words);
  const cells = (figures: api.Figures) =>
    all.map(([name, told]) => (
      <td key={name} class="number nowrap">
        {told(figures)}
      </td>
    ));
  return (
    <Region label={title}>
      <Head names={columns} figures={all.map(([name]) => name)} />
      <tbody>
        {rows.map(row => (
          <tr key={row.key}>
            {row.names.map((name, at) => (
              <th key={at} scope="row" class="nowrap">
                <bdi>{name}</bdi>
              </th>
            ))}
            {cells(row.figures)}
          </tr>
        ))}
      </tbody>
      {total !== undefined && rows.length > 1 && (
        <tfoot>
          <tr>
            <th scope="row">{words.reports.all}</th>
            {cells(total)}
          </tr>
        </tfoot>
      )}
    </Region>
  );
}
