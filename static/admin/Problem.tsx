// Something could not be loaded.

import type { WireError } from '../shared/core/wire';
import { adminWords } from './adminWords';

export function Problem({ problem, again }: { problem: WireError; again: () => void }) {
  const words = adminWords.value;
  return (
    <p class="load-problem" role="alert">
      {words.couldNotLoad} {words.error(problem.code)}{' '}
      <button type="button" class="link" onClick={again}>
        {words.tryAgain}
      </button>
    </p>
  );
}
