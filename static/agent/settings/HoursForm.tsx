// When somebody is there, and how soon they answer.

import { useId } from 'preact/hooks';
import { asText, Row, Written } from './fields';
import type { FormProps } from './sections';
import { settingsWords } from './settingsWords';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

interface Span {
  readonly from: string;
  readonly to: string;
}

function spans(value: unknown): Span[] {
  if (!Array.isArray(value)) return [];
  return value.map(span => ({ from: asText(span?.from), to: asText(span?.to) }));
}

export function HoursForm({ value, change }: FormProps) {
  const words = settingsWords.value;
  const limited = value.limited === true;
  return (
    <>
      <div class="choices">
        <label>
          <input
            type="checkbox"
            checked={limited}
            onChange={event => change({ limited: event.currentTarget.checked })}
          />
          {words.limited}
        </label>
      </div>
      {limited && <Times value={value} change={change} />}
      <Row label={words.reply} hint={words.replyHint}>
        {ids => (
          <input
            {...ids}
            type="text"
            inputMode="numeric"
            autocomplete="off"
            data-field="reply_minutes"
            value={value.reply_minutes === null ? '' : String(value.reply_minutes)}
            onInput={event => {
              const typed = event.currentTarget.value.trim();
              const minutes = /^\d+$/.test(typed) ? Number(typed) : typed;
              change({ reply_minutes: typed === '' ? null : minutes });
            }}
          />
        )}
      </Row>
      <Written
        label={words.replyText}
        hint={words.replyTextHint}
        field="reply_text"
        value={value.reply_text}
        change={text => change({ reply_text: text })}
      />
    </>
  );
}

function Times({ value, change }: Omit<FormProps, 'stored'>) {
  const words = settingsWords.value;
  const zones = useId();
  const weekly = (value.weekly ?? {}) as Readonly<Record<string, unknown>>;
  return (
    <>
      <Row label={words.timeZone} hint={words.timeZoneHint}>
        {ids => (
          <>
            <input
              {...ids}
              type="text"
              list={zones}
              autocomplete="off"
              spellcheck={false}
              data-field="time_zone"
              value={asText(value.time_zone)}
              onInput={event => change({ time_zone: event.currentTarget.value.trim() })}
            />
            <datalist id={zones}>
              {Intl.supportedValuesOf('timeZone').map(zone => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
          </>
        )}
      </Row>
      <fieldset class="week">
        <legend>{words.weekly}</legend>
        <p class="hint">{words.weeklyHint}</p>
        {DAYS.map(day => (
          <Spans
            key={day}
            title={words.days[day]}
            none={words.closedDay}
            field={`weekly.${day}`}
            add={words.addHours}
            remove={words.removeHours}
            from={words.from}
            to={words.to}
            fresh={{ from: '09:00', to: '18:00' }}
            value={spans(weekly[day])}
            change={changed => change({ weekly: { ...weekly, [day]: changed } })}
          />
        ))}
      </fieldset>
      <fieldset class="week">
        <legend>{words.closedDates}</legend>
        <p class="hint">{words.closedDatesHint}</p>
        <Spans
          title=""
          none=""
          type="date"
          field="closed"
          add={words.addDates}
          remove={words.removeDates}
          from={words.firstDay}
          to={words.lastDay}
          fresh={{ from: '', to: '' }}
          value={spans(value.closed)}
          change={closed => change({ closed })}
        />
      </fieldset>
      <Written
        label={words.closedText}
        hint={words.closedTextHint}
        field="closed_text"
        lines={2}
        value={value.closed_text}
        change={text => change({ closed_text: text })}
      />
    </>
  );
}

interface SpansProps {
  title: string;
  /** What stands where there are none. */
  none: string;
  type?: 'date';
  field: string;
  add: string;
  remove: string;
  from: string;
  to: string;
  fresh: Span;
  value: readonly Span[];
  change: (value: Span[]) => void;
}

/** Any number of spans, each from something to something. */
function Spans({ title, none, field, add, remove, fresh, value, change, ...rest }: SpansProps) {
  const input = (at: number, end: 'from' | 'to') => {
    const shared = {
      'aria-label': [title, rest[end]].filter(Boolean).join(' '),
      'data-field': `${field}.${at}`,
      value: value[at]?.[end] ?? '',
      onInput: (event: Event) => {
        const typed = (event.currentTarget as HTMLInputElement).value;
        change(value.map((span, n) => (n === at ? { ...span, [end]: typed } : span)));
      },
    };
    // A field of the browser's own for times knows no 24:00.
    return rest.type === 'date' ? (
      <input type="date" {...shared} />
    ) : (
      <input type="text" autocomplete="off" placeholder="00:00" maxLength={5} {...shared} />
    );
  };
  return (
    <div class="day">
      {title !== '' && <span class="day-name">{title}</span>}
      <div class="spans">
        {value.length === 0 && none !== '' && <span class="hint">{none}</span>}
        {value.map((_, at) => (
          <div class="span" key={at}>
            {input(at, 'from')}
            <span aria-hidden="true">–</span>
            {input(at, 'to')}
            <button
              type="button"
              class="quiet"
              aria-label={[remove, title].filter(Boolean).join(' ')}
              title={remove}
              onClick={() => change(value.filter((_, n) => n !== at))}
            >
              ×
            </button>
          </div>
        ))}
      </div>
      <button type="button" class="link" onClick={() => change([...value, fresh])}>
        {add}
        <span class="hidden"> {title}</span>
      </button>
    </div>
  );
}
