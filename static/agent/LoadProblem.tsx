// Something could not be loaded, and why.

import { consoleWords } from './consoleWords';

export function LoadProblem({ why, again }: { why: string; again: () => void }) {
  const words = consoleWords.value;
  return (
    <p class="load-problem" role="alert">
      {words.couldNotLoadWhy(why)}{' '}
      <button type="button" class="link" onClick={() => again()}>
        {words.tryAgain}
      </button>
    </p>
  );
}
