// The steps of a report's time: what each is called, and which of them are named below a chart.

/** A step that is named below a chart. */
export interface Mark {
  readonly at: number;
  readonly name: string;
}

/** The steps along the foot of a chart. */
export interface Steps {
  /** Each of them in full. */
  readonly names: readonly string[];
  /** Those that are named, where there is room for so many. */
  readonly marks: (room: number) => readonly Mark[];
}

/** Hours; in a zone whose clock is put forward or back, a day has 23 or 25 of them. */
export function hours(moments: readonly string[], zone: string, tag: string): Steps {
  const dates = moments.map(at => new Date(at));
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(tag, { timeZone: zone, ...options });
  const clock = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const date = format({ month: 'short', day: 'numeric' });
  const full = format({ dateStyle: 'medium', timeStyle: 'short' });
  const hour = format({ hour: 'numeric', hourCycle: 'h23' });
  const of = dates.map(at => {
    const part = hour.formatToParts(at).find(({ type }) => type === 'hour');
    return Number(part?.value);
  });
  return {
    names: dates.map(at => full.format(at)),
    marks: room => {
      const named = (chosen: readonly number[]) =>
        chosen.map(at => {
          const moment = dates[at] ?? new Date(0);
          return { at, name: (of[at] === 0 ? date : clock).format(moment) };
        });
      for (const every of [1, 3, 6, 12, 24]) {
        const chosen = of.flatMap((one, at) => (one % every === 0 ? [at] : []));
        if (chosen.length <= room) return named(chosen);
      }
      return named(
        thinned(
          of.flatMap((one, at) => (one === 0 ? [at] : [])),
          room,
        ),
      );
    },
  };
}

/** Dates such as `2026-11-25`, which are of no time zone any more. */
export function days(dates: readonly string[], tag: string): Steps {
  const format = (options: Intl.DateTimeFormatOptions) => {
    const { format } = new Intl.DateTimeFormat(tag, { timeZone: 'UTC', ...options });
    return dates.map(date => format(new Date(`${date}T00:00:00Z`)));
  };
  const short = format({ month: 'short', day: 'numeric' });
  return {
    names: format({ dateStyle: 'medium' }),
    marks: room => thinned([...dates.keys()], room).map(at => ({ at, name: short[at] ?? '' })),
  };
}

/** Things that are all named. */
export function things(names: readonly string[]): Steps {
  return { names, marks: () => names.map((name, at) => ({ at, name })) };
}

/** At most so many, as far from each other. */
function thinned(places: readonly number[], most: number): number[] {
  const every = Math.max(1, Math.ceil(places.length / Math.max(1, most)));
  return places.filter((_, at) => at % every === 0);
}
