// Asks whom to block, for how long and why. A customer who is blocked already can be let in again here.

import { signal } from '@preact/signals';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Chat } from '../shared/core/chat';
import type { Conversation } from '../shared/core/wire';
import * as api from './blocksApi';
import { blockWords, explainBlock, LENGTHS, lengthName, untilName } from './blockWords';
import { Dialog } from './Dialog';
import { type Outcome, OutcomeLine } from './Panel';
import { titleOf } from './titleOf';

/** The conversation whose customer somebody wants to block, while they are asked. */
export const blocking = signal<Conversation | null>(null);

export function BlockDialog({ chat }: { chat: Chat }) {
  const conversation = blocking.value;
  const customer = conversation?.customer ?? null;
  if (conversation === null || customer === null) return null;
  const words = blockWords.value;
  const shut = () => {
    blocking.value = null;
  };
  return (
    <Dialog title={words.blockTitle(titleOf(conversation, words))} closed={shut}>
      <BlockForm
        customer={customer.id}
        mayNetworks={chat.me.role === 'supervisor' || chat.me.role === 'admin'}
        done={shut}
      />
    </Dialog>
  );
}

interface BlockFormProps {
  customer: string;
  mayNetworks: boolean;
  done: () => void;
}

function BlockForm({ customer, mayNetworks, done }: BlockFormProps) {
  const words = blockWords.value;
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [addresses, setAddresses] = useState<readonly string[]>([]);
  const [standing, setStanding] = useState<api.Block | null>(null);
  const whom = useRef<HTMLSelectElement>(null);
  const length = useRef<HTMLSelectElement>(null);
  const reason = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const look = async () => {
      const { ok } = await api.blocks();
      setStanding(ok?.find(block => block.customer?.id === customer) ?? null);
      if (mayNetworks) setAddresses((await api.addresses(customer)).ok ?? []);
    };
    void look();
  }, [customer, mayNetworks]);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const why = reason.current?.value.trim() ?? '';
    if (why === '') {
      setOutcome({ good: false, text: words.reasonMissing });
      reason.current?.focus();
      return;
    }
    const network = whom.current?.value ?? '';
    const seconds = length.current?.value ?? '';
    setBusy(true);
    const { error } = await api.block({
      ...(network === '' ? { customer } : { network }),
      reason: why,
      for_s: seconds === '' ? null : Number(seconds),
    });
    setBusy(false);
    if (error === null) done();
    else setOutcome({ good: false, text: explainBlock(error) });
  };
  const lift = async (block: api.Block) => {
    const { error } = await api.lift(block.id);
    if (error === null || error.code === 'block_not_found') done();
    else setOutcome({ good: false, text: explainBlock(error) });
  };

  return (
    <form class="block-form" aria-busy={busy} onSubmit={submit}>
      {standing === null ? (
        <p>{words.blockMore}</p>
      ) : (
        <p class="standing">
          {words.isBlocked} <BlockFacts block={standing} />{' '}
          <button type="button" class="link" onClick={() => lift(standing)}>
            {words.lift}
          </button>
        </p>
      )}
      {addresses.length > 0 && (
        <Choice label={words.whom} input={whom}>
          <option value="">{words.onlyCustomer}</option>
          {addresses.map(address => (
            <option key={address} value={address}>
              {words.everyoneFrom(address)}
            </option>
          ))}
        </Choice>
      )}
      <LengthChoice input={length} />
      <Reason input={reason} />
      <OutcomeLine outcome={outcome} />
      <div class="choices">
        <button type="button" class="quiet" onClick={done}>
          {words.cancel}
        </button>
        <button type="submit" class="primary" aria-disabled={busy}>
          {words.block}
        </button>
      </div>
    </form>
  );
}

/** Until when, by whom and why. */
export function BlockFacts({ block }: { block: api.Block }) {
  const words = blockWords.value;
  return (
    <>
      {untilName(block.until)} · <bdi>{words.byWhom(block.by)}</bdi> · <bdi>{block.reason}</bdi>
    </>
  );
}

interface ChoiceProps {
  label: string;
  input: { current: HTMLSelectElement | null };
  children: preact.ComponentChildren;
}

function Choice({ label, input, children }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} ref={input}>
        {children}
      </select>
    </div>
  );
}

export function LengthChoice({ input }: { input: { current: HTMLSelectElement | null } }) {
  return (
    <Choice label={blockWords.value.howLong} input={input}>
      {LENGTHS.map(seconds => (
        <option key={seconds} value={seconds}>
          {lengthName(seconds)}
        </option>
      ))}
    </Choice>
  );
}

export function Reason({ input }: { input: { current: HTMLInputElement | null } }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{blockWords.value.why}</label>
      <input id={id} ref={input} type="text" maxLength={250} required autocomplete="off" />
    </div>
  );
}
