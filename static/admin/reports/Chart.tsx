// Lines or bars over steps, drawn by uPlot, which only whoever looks at a chart has to load. What it shows stands
// in a table as well, so for those who cannot see it it is not there.

import 'uplot/dist/uPlot.min.css';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { adminWords } from '../adminWords';
import type { Steps } from './steps';

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  title: string;
  steps: Steps;
  /** One or two. */
  lines: readonly Line[];
  kind: 'lines' | 'bars';
  /** A value in words. */
  show: (value: number) => string;
  /** What the marks beside the chart may be apart. */
  apart: readonly number[];
}

const HEIGHT = 190;
/** How wide the name of a step is, with room around it. */
const NAME = 76;

export function Chart(props: ChartProps) {
  const { title, steps, lines, show } = props;
  const words = adminWords.value;
  const box = useRef<HTMLDivElement>(null);
  const isDark = useDark();
  const [at, setAt] = useState<number | null>(null);
  const [isMissing, setMissing] = useState(false);

  useLayoutEffect(() => {
    const place = box.current;
    if (place === null) return;
    let plot: uPlot | null = null;
    let isGone = false;
    const observer = new ResizeObserver(() => plot?.setSize(sizeOf(place)));
    const draw = async () => {
      try {
        const { default: Plot } = await import('uplot');
        if (isGone) return;
        plot = new Plot(optionsOf(Plot, place, props, setAt), dataOf(props), place);
        observer.observe(place);
        setMissing(false);
      } catch {
        setMissing(true);
      }
    };
    void draw();
    return () => {
      isGone = true;
      observer.disconnect();
      plot?.destroy();
    };
  }, [steps, lines, isDark, words]);

  const values = at === null ? [] : lines.map(line => line.values[at] ?? null);
  return (
    <figure class="chart" aria-hidden="true">
      <figcaption>
        <span class="chart-title">{title}</span>
        {lines.length > 1 &&
          lines.map(line => (
            <span key={line.name} class="chart-line">
              {line.name}
            </span>
          ))}
      </figcaption>
      <div ref={box} class="chart-box" />
      <p class="chart-at">
        {isMissing
          ? words.reports.noChart
          : at !== null &&
            [
              steps.names[at],
              ...values.map((value, line) => {
                const told = value === null ? '–' : show(value);
                return lines.length > 1 ? `${lines[line]?.name} ${told}` : told;
              }),
            ].join(' · ')}
      </p>
    </figure>
  );
}

function sizeOf(place: HTMLElement) {
  return { width: place.clientWidth, height: HEIGHT };
}

function dataOf({ steps, lines }: ChartProps): uPlot.AlignedData {
  return [[...steps.names.keys()], ...lines.map(line => [...line.values])];
}

function optionsOf(
  Plot: typeof uPlot,
  place: HTMLElement,
  { steps, lines, kind, show, apart }: ChartProps,
  pointed: (at: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const colours = [colour('--chart-first'), colour('--chart-second')];
  const axis = {
    stroke: colour('--muted'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const marks = (plot: uPlot) => steps.marks(Math.floor(plot.width / NAME));
  return {
    ...sizeOf(place),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    hooks: { setCursor: [plot => pointed(plot.cursor.idx ?? null)] },
    scales: {
      x: { time: false, range: () => [-0.5, steps.names.length - 0.5] },
      y: { range: (_, __, most) => [0, Math.max(most * 1.05, apart[0] ?? 1)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        grid: { show: false },
        splits: plot => marks(plot).map(({ at }) => at),
        values: plot => marks(plot).map(({ name }) => name),
      },
      {
        ...axis,
        size: (_, values) => 20 + widest(values ?? []),
        incrs: [...apart],
        values: (_, values) => values.map(show),
      },
    ],
    series: [
      {},
      ...lines.map((_, line): uPlot.Series => {
        const stroke = colours[line] ?? 'currentColor';
        const bars = kind === 'bars' ? Plot.paths.bars?.({ size: [0.6, 48] }) : undefined;
        return {
          stroke,
          width: 2,
          // Told apart without colours, too.
          ...(line > 0 && { dash: [5, 4] }),
          ...(bars !== undefined && { fill: stroke, paths: bars, points: { show: false } }),
        };
      }),
    ],
  };
}

/** About how wide these are in pixels; Chinese characters take twice the room. */
function widest(values: readonly string[]): number {
  const width = (value: string) =>
    [...value].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 0x2e7f ? 12 : 7), 0);
  return Math.max(0, ...values.map(width));
}

/** Whether the page is dark. */
function useDark(): boolean {
  const [scheme] = useState(() => matchMedia('(prefers-color-scheme: dark)'));
  const [isDark, setDark] = useState(scheme.matches);
  useLayoutEffect(() => {
    const changed = () => setDark(scheme.matches);
    changed();
    scheme.addEventListener('change', changed);
    return () => scheme.removeEventListener('change', changed);
  }, [scheme]);
  return isDark;
}
