// Who is kept out, for everybody on the desk; supervisors and admins keep out networks here.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Person, WireError } from '../shared/core/wire';
import { BlockFacts, LengthChoice, Reason } from './BlockDialog';
import * as api from './blocksApi';
import { blockWords, explainBlock } from './blockWords';
import { Field } from './Field';
import { LoadProblem } from './LoadProblem';
import { type Outcome, OutcomeLine, Panel } from './Panel';

export function BlocksPanel({ me }: { me: Person }) {
  const words = blockWords.value;
  const [blocks, setBlocks] = useState<readonly api.Block[] | null>(null);
  const [problem, setProblem] = useState<WireError | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const load = async () => {
    const { ok, error } = await api.blocks();
    if (ok !== null) setBlocks(ok);
    setProblem(error);
  };
  useEffect(() => void load(), []);
  const mayNetworks = me.role === 'supervisor' || me.role === 'admin';
  const lift = async (block: api.Block) => {
    const { error } = await api.lift(block.id);
    if (error !== null && error.code !== 'block_not_found') {
      setOutcome({ good: false, text: explainBlock(error) });
      return;
    }
    setBlocks(now => now?.filter(one => one.id !== block.id) ?? null);
    setOutcome({ good: true, text: words.lifted });
    list.current?.focus();
  };
  return (
    <Panel title={words.blocks}>
      {mayNetworks && <BlockNetwork made={load} />}
      {blocks === null && problem === null && <p class="skeleton">{words.loading}</p>}
      {problem !== null && <LoadProblem why={explainBlock(problem)} again={load} />}
      {blocks?.length === 0 && (
        <div class="nobody">
          <p>{words.nobodyBlocked}</p>
          <p class="hint">{words.nobodyBlockedMore}</p>
        </div>
      )}
      {blocks !== null && blocks.length > 0 && (
        <ul class="entries" ref={list} tabIndex={-1} aria-label={words.blocks}>
          {blocks.map(block => (
            <BlockRow
              key={block.id}
              block={block}
              mayLift={block.network === null || mayNetworks}
              lift={() => lift(block)}
            />
          ))}
        </ul>
      )}
      <OutcomeLine outcome={outcome} />
    </Panel>
  );
}

interface BlockRowProps {
  block: api.Block;
  mayLift: boolean;
  lift: () => void;
}

function BlockRow({ block, mayLift, lift }: BlockRowProps) {
  const words = blockWords.value;
  const { customer, network } = block;
  const who = customer === null ? (network ?? '') : (customer.name ?? words.customer(customer.id));
  return (
    <li class="entry">
      <div class="entry-main">
        <p class="entry-title">
          <bdi>{who}</bdi>
        </p>
        <p class="hint">
          <BlockFacts block={block} />
        </p>
      </div>
      {mayLift && (
        <button type="button" class="plain" onClick={lift}>
          {words.lift}
          <span class="hidden">
            {' '}
            <bdi>{who}</bdi>
          </span>
        </button>
      )}
    </li>
  );
}

function BlockNetwork({ made }: { made: () => void }) {
  const words = blockWords.value;
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const network = useRef<HTMLInputElement>(null);
  const length = useRef<HTMLSelectElement>(null);
  const reason = useRef<HTMLInputElement>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    if (busy) return;
    setOutcome(null);
    const why = reason.current?.value.trim() ?? '';
    if (why === '') {
      setOutcome({ good: false, text: words.reasonMissing });
      reason.current?.focus();
      return;
    }
    const seconds = length.current?.value ?? '';
    setBusy(true);
    const { error } = await api.block({
      network: network.current?.value.trim() ?? '',
      reason: why,
      for_s: seconds === '' ? null : Number(seconds),
    });
    setBusy(false);
    if (error !== null) {
      const text = error.code === 'bad_request' ? words.networkInvalid : explainBlock(error);
      setOutcome({ good: false, text });
      network.current?.focus();
      return;
    }
    form.reset();
    setOutcome({ good: true, text: words.blocked });
    made();
  };
  return (
    <details class="block new-account">
      <summary>{words.blockNetwork}</summary>
      <form aria-busy={busy} aria-label={words.blockNetwork} onSubmit={submit}>
        <Field
          label={words.network}
          hint={words.networkHint}
          input={network}
          autocomplete="off"
          maxLength={64}
          required
        />
        <div class="fields">
          <LengthChoice input={length} />
          <Reason input={reason} />
        </div>
        <OutcomeLine outcome={outcome} />
        <button type="submit" class="primary" aria-disabled={busy}>
          {words.block}
        </button>
      </form>
    </details>
  );
}
