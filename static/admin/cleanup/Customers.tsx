// What is held on a customer, taken out or erased, and the receipts of those who were erased.

import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { sizeOf } from '../../shared/files/check';
import { locale } from '../../shared/ui/locale';
import { go, query } from '../address';
import { adminWords } from '../adminWords';
import { Confirm } from '../Confirm';
import { Moment } from '../Moment';
import { Problem } from '../Problem';
import { Region } from '../Region';
import { useAnswer } from '../useAnswer';
import { toView } from '../views';
import * as api from './cleanupApi';
import { counted } from './counted';

export function Customers({ signedOut }: { signedOut: () => void }) {
  const words = adminWords.value;
  const said = words.cleanup;
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const typed = query.value.get('find') ?? '';
  const sought = soughtIn(query.value);
  const { found, busy, problem, load } = useAnswer(
    async () => (sought === null ? { ok: [], error: null } : api.customers(sought)),
    JSON.stringify(sought),
    signedOut,
  );
  const receipts = useAnswer(api.receipts, '', signedOut);
  const [erasing, setErasing] = useState<api.Customer | null>(null);
  const [erased, setErased] = useState<{ receipt: api.Receipt; name: string } | null>(null);
  const outcome = useRef<HTMLParagraphElement>(null);
  useLayoutEffect(() => {
    if (erased !== null) outcome.current?.focus();
  }, [erased]);
  return (
    <>
      <p class="hint">{said.customersMore}</p>
      <form
        class="admin-find"
        aria-label={said.customers}
        onSubmit={event => {
          event.preventDefault();
          const next = field.current?.value.trim() ?? '';
          setErased(null);
          if (next === typed) void load();
          else go(toView('cleanup', { find: next }));
        }}
      >
        <div class="field">
          <label for={id}>{said.find}</label>
          <input
            key={typed}
            ref={field}
            id={id}
            type="search"
            dir="auto"
            autocomplete="off"
            maxLength={100}
            defaultValue={typed}
          />
        </div>
        <button type="submit" class="primary">
          {said.findButton}
        </button>
      </form>
      {problem !== null && <Problem problem={problem} again={load} />}
      <p class="outcome good" role="status" tabIndex={-1} ref={outcome}>
        {erased !== null &&
          said.receipt(
            erased.receipt.id,
            erased.name,
            counted(erased.receipt, words, locale.value.tag),
          )}
      </p>
      <p class="admin-count" role="status">
        {sought !== null && !busy && problem === null && found?.length === 0 ? said.nobody : ''}
      </p>
      {found !== null && found.length > 0 && (
        <ul class="entries" aria-busy={busy} aria-label={said.customers}>
          {found.map(customer => (
            <Found key={customer.id} customer={customer} erase={() => setErasing(customer)} />
          ))}
        </ul>
      )}
      {erasing !== null && (
        <Erase
          customer={erasing}
          done={receipt => {
            setErasing(null);
            setErased({ receipt, name: said.customer(receipt.customer) });
            void load();
            void receipts.load();
          }}
          closed={() => setErasing(null)}
        />
      )}
      <h3>{said.receipts}</h3>
      {receipts.problem !== null && <Problem problem={receipts.problem} again={receipts.load} />}
      {receipts.found?.length === 0 && <p>{said.noReceipts}</p>}
      {receipts.found !== null && receipts.found.length > 0 && (
        <Receipts receipts={receipts.found} />
      )}
    </>
  );
}

/** Whom the address names, such as that of a link in a transcript, or what was typed. */
function soughtIn(query: URLSearchParams): api.Sought | null {
  const id = query.get('customer');
  if (id !== null) return { by: 'number', id };
  const words = query.get('find') ?? '';
  return words === '' ? null : { by: 'words', words };
}

function Found({ customer, erase }: { customer: api.Customer; erase: () => void }) {
  const said = adminWords.value.cleanup;
  const { id, name } = customer;
  const who = name ?? said.customer(id);
  const whose = <span class="hidden"> {said.eraseOf(who)}</span>;
  return (
    <li class="entry">
      <div class="entry-main">
        <p class="entry-title">
          <bdi>{who}</bdi>
          {name !== null && <span class="mark">{said.numbered(id)}</span>}
        </p>
      </div>
      <div class="tasks">
        <a class="admin-button" href={api.exportAddress(id, false)} download>
          {said.export}
          {whose}
        </a>
        <a class="admin-button" href={api.exportAddress(id, true)} download>
          {said.exportWithNotes}
          {whose}
        </a>
        <button type="button" class="plain" onClick={erase}>
          {said.erase}
          {whose}
        </button>
      </div>
    </li>
  );
}

interface EraseProps {
  customer: api.Customer;
  done: (receipt: api.Receipt) => void;
  closed: () => void;
}

function Erase({ customer, done, closed }: EraseProps) {
  const said = adminWords.value.cleanup;
  const { id, name } = customer;
  const typed = useRef<HTMLInputElement>(null);
  const field = useId();
  return (
    <Confirm
      title={said.eraseTitle(name ?? said.customer(id))}
      yes={said.eraseNow}
      isGrave
      missing={() => {
        if (typed.current?.value.trim() === id) return null;
        typed.current?.focus();
        return said.eraseMismatch(id);
      }}
      act={() => api.erase(id)}
      done={done}
      closed={closed}
    >
      <p>{said.eraseAsk}</p>
      <div class="field">
        <label for={field}>{said.eraseConfirm(id)}</label>
        <input id={field} ref={typed} type="text" inputMode="numeric" autocomplete="off" />
      </div>
    </Confirm>
  );
}

function Receipts({ receipts }: { receipts: readonly api.Receipt[] }) {
  const words = adminWords.value;
  const said = words.cleanup;
  return (
    <Region label={said.receipts}>
      <thead>
        <tr>
          {Object.values(said.receiptColumns).map(column => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {receipts.map(receipt => (
          <tr key={receipt.id}>
            <th scope="row">{receipt.id}</th>
            <td class="nowrap">
              <Moment at={receipt.at} />
            </td>
            <td>{said.customer(receipt.customer)}</td>
            <td>
              <bdi>{receipt.by}</bdi>
            </td>
            <td class="number">{words.number(receipt.conversations)}</td>
            <td class="number">{words.number(receipt.messages)}</td>
            <td class="number">{words.number(receipt.files)}</td>
            <td class="number nowrap">{sizeOf(receipt.bytes, locale.value.tag)}</td>
          </tr>
        ))}
      </tbody>
    </Region>
  );
}
