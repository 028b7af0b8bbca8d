// Something could not be loaded.

import { LoadProblem } from '../agent/LoadProblem';
import type { WireError } from '../shared/core/wire';
import { adminWords } from './adminWords';

export function Problem({ problem, again }: { problem: WireError; again: () => void }) {
  return <LoadProblem why={adminWords.value.error(problem.code)} again={again} />;
}
