// What is kept and what goes: the rules and what they have deleted, holds, and customers who are erased.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { locale } from '../../shared/ui/locale';
import { adminWords } from '../adminWords';
import * as audit from '../audit/auditApi';
import { HoldFacts, Lift } from '../Hold';
import { Link } from '../Link';
import { Moment } from '../Moment';
import { Part } from '../Part';
import { Problem } from '../Problem';
import { useAnswer } from '../useAnswer';
import { toView } from '../views';
import { Customers } from './Customers';
import * as api from './cleanupApi';
import { counted } from './counted';
import { Rules } from './Rules';

export function Cleanup({ signedOut }: { signedOut: () => void }) {
  const words = adminWords.value.cleanup;
  return (
    <div class="admin-cleanup">
      <Part title={words.rules}>
        <p class="hint">{words.rulesMore}</p>
        <Rules signedOut={signedOut} />
      </Part>
      <Part title={words.runs}>
        <Runs signedOut={signedOut} />
      </Part>
      <Part title={words.holds}>
        <p class="hint">{words.holdsMore}</p>
        <Holds signedOut={signedOut} />
      </Part>
      <Part title={words.customers}>
        <Customers signedOut={signedOut} />
      </Part>
    </div>
  );
}

const RUNS = { from: '', to: '', agent: '', action: 'retention_ran' };

/** What went lately, as the audit log has it. */
function Runs({ signedOut }: { signedOut: () => void }) {
  const words = adminWords.value;
  const said = words.cleanup;
  const { found, problem, load } = useAnswer(() => audit.entries(RUNS, null, 5), '', signedOut);
  if (problem !== null) return <Problem problem={problem} again={load} />;
  return (
    <>
      <p class="hint">{said.runsMore}</p>
      {found?.items.length === 0 && <p>{said.noRuns}</p>}
      {found !== null && found.items.length > 0 && (
        <ul class="entries" aria-label={said.runs}>
          {found.items.map(entry => (
            <li key={entry.id} class="entry">
              <Moment at={entry.at} />
              <span>{counted(countOf(entry), words, locale.value.tag)}</span>
            </li>
          ))}
        </ul>
      )}
      {found !== null && found.next !== null && (
        <p>
          <Link to={toView('audit', RUNS)}>{said.allRuns}</Link>
        </p>
      )}
    </>
  );
}

function countOf(entry: audit.Entry): api.Count {
  return api.readCount(
    Object.fromEntries(entry.details.map(([name, value]) => [name, Number(value)])),
  );
}

function Holds({ signedOut }: { signedOut: () => void }) {
  const said = adminWords.value.cleanup;
  const { found, problem, load } = useAnswer(api.holds, '', signedOut);
  const [lifting, setLifting] = useState<string | null>(null);
  const shut = () => setLifting(null);
  const list = useRef<HTMLUListElement>(null);
  const none = useRef<HTMLParagraphElement>(null);
  /** The row that was lifted, until the list is here without it. */
  const lifted = useRef<number | null>(null);
  useLayoutEffect(() => {
    const at = lifted.current;
    if (at === null) return;
    lifted.current = null;
    // The button is gone that had the focus.
    const left = list.current?.querySelectorAll('button') ?? [];
    (left[Math.min(at, left.length - 1)] ?? none.current)?.focus();
  }, [found]);
  if (problem !== null) return <Problem problem={problem} again={load} />;
  if (found === null) return null;
  return (
    <>
      {found.length === 0 && (
        <p ref={none} tabIndex={-1}>
          {said.noHolds}
        </p>
      )}
      {found.length > 0 && (
        <ul class="entries" ref={list} aria-label={said.holds}>
          {found.map(hold => (
            <li key={hold.conversation} class="entry">
              <div class="entry-main">
                <p class="entry-title">
                  <Link to={toView('history', { conversation: hold.conversation })}>
                    {said.conversation(hold.conversation)}
                  </Link>
                </p>
                <p>
                  <HoldFacts hold={hold} />
                </p>
              </div>
              <button type="button" class="plain" onClick={() => setLifting(hold.conversation)}>
                {said.lift}
                <span class="hidden"> ({said.conversation(hold.conversation)})</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {lifting !== null && (
        <Lift
          conversation={lifting}
          done={() => {
            shut();
            lifted.current = found.findIndex(hold => hold.conversation === lifting);
            void load();
          }}
          closed={shut}
        />
      )}
    </>
  );
}
