// The HTTP side of the reports.

import { type Answer, call, field } from '../../agent/api';
import { count, type Json, object, text } from '../../shared/core/json';
import type { Asked } from './place';

/** How durations are spread, in milliseconds. */
export interface Spread {
  readonly count: number;
  readonly median: number | null;
  readonly p90: number | null;
}

export interface Figures {
  readonly conversations: number;
  readonly closed: number;
  readonly fromCustomers: number;
  readonly fromAgents: number;
  readonly firstResponse: Spread;
  readonly timeToClose: Spread;
  readonly rated: number;
  readonly meanRating: number | null;
  /** How many with 1, 2, 3, 4 and 5. */
  readonly scores: readonly number[];
}

export interface Activity {
  readonly at: string;
  readonly fromCustomers: number;
  readonly fromAgents: number;
}

export interface Report {
  readonly zone: string;
  readonly step: 'hour' | 'day';
  readonly activity: readonly Activity[];
  readonly total: Figures;
  readonly days: readonly { readonly date: string; readonly figures: Figures }[];
  readonly agents: readonly {
    readonly name: string;
    readonly id: string;
    readonly figures: Figures;
  }[];
  readonly agentDays: readonly {
    readonly name: string;
    readonly id: string;
    readonly date: string;
    readonly figures: Figures;
  }[];
}

export function report(asked: Asked): Promise<Answer<Report>> {
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ''));
  return call(`/reports?${query}`, body => {
    const found = object(field(body, 'report'));
    if (found === null) return null;
    return {
      zone: text(found.tz),
      step: found.step === 'day' ? 'day' : 'hour',
      activity: list(found.activity).map(one => ({
        at: text(one.at),
        fromCustomers: count(one.from_customers),
        fromAgents: count(one.from_agents),
      })),
      total: readFigures(found.total),
      days: list(found.days).map(one => ({
        date: text(one.date),
        figures: readFigures(one.figures),
      })),
      agents: list(found.agents).map(one => ({
        ...readAgent(one.agent),
        figures: readFigures(one.figures),
      })),
      agentDays: list(found.agent_days).map(one => ({
        ...readAgent(one.agent),
        date: text(one.date),
        figures: readFigures(one.figures),
      })),
    };
  });
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object).filter(one => one !== null) : [];
}

function readAgent(value: unknown) {
  return { id: text(field(value, 'id')), name: text(field(value, 'name')) };
}

function readFigures(value: unknown): Figures {
  const figures = object(value) ?? {};
  const ratings = object(figures.ratings) ?? {};
  const scores = Array.isArray(ratings.scores) ? ratings.scores : [];
  return {
    conversations: count(figures.conversations),
    closed: count(figures.closed),
    fromCustomers: count(figures.from_customers),
    fromAgents: count(figures.from_agents),
    firstResponse: readSpread(figures.first_response),
    timeToClose: readSpread(figures.time_to_close),
    rated: count(ratings.count),
    meanRating: numberOrNull(ratings.mean),
    scores: [0, 1, 2, 3, 4].map(at => count(scores[at])),
  };
}

function readSpread(value: unknown): Spread {
  return {
    count: count(field(value, 'count')),
    median: numberOrNull(field(value, 'median_ms')),
    p90: numberOrNull(field(value, 'p90_ms')),
  };
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
