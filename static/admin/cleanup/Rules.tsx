// How long conversations are kept: rules, what they would delete, and what they have deleted.

import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Outcome, OutcomeLine } from '../../agent/Panel';
import * as settings from '../../agent/settings/settingsApi';
import { allTags, loadTags } from '../../agent/tagsApi';
import type { WireError } from '../../shared/core/wire';
import { locale } from '../../shared/ui/locale';
import { adminWords } from '../adminWords';
import { Confirm, explain } from '../Confirm';
import { Problem } from '../Problem';
import { useAnswer } from '../useAnswer';
import * as api from './cleanupApi';
import { counted } from './counted';
import { fieldsOf, type RuleFields, raised, read, STATUSES } from './rules';

const SECTION = 'retention';

export function Rules({ signedOut }: { signedOut: () => void }) {
  const { found, problem, load } = useAnswer(settings.settings, '', signedOut);
  useEffect(() => void loadTags(), []);
  if (problem !== null) return <Problem problem={problem} again={load} />;
  const section = found?.[SECTION];
  if (section === undefined) return null;
  return <Form key={section.version} section={section} reload={load} />;
}

interface FormProps {
  section: settings.Section;
  reload: () => Promise<void>;
}

function Form({ section, reload }: FormProps) {
  const all = adminWords.value;
  const words = all.cleanup;
  const { tag } = locale.value;
  const [version, setVersion] = useState(section.version);
  const [rules, setRules] = useState(() => fieldsOf(api.readRules(section.value)));
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [isOld, setOld] = useState(false);
  /** What these rules would delete, while somebody is asked whether they may. */
  const [asked, setAsked] = useState<{ rules: api.RetentionRule[]; count: api.Count } | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const tagList = useId();

  useLayoutEffect(() => {
    if (wrong !== null) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [wrong]);

  const change = (next: readonly RuleFields[]) => {
    setRules([...next]);
    setOutcome(null);
    setWrong(null);
  };
  const set = (at: number, fields: Partial<RuleFields>) =>
    change(rules.map((rule, place) => (place === at ? { ...rule, ...fields } : rule)));

  const refuse = (error: WireError) => {
    const field = /rules\.\d+\.(days|tag)$/.exec(error.field ?? '');
    setOld(error.code === 'settings_changed');
    setWrong(field?.[0] ?? null);
    const text = field === null ? explain(error) : words[`${field[1] as 'days' | 'tag'}Invalid`];
    setOutcome({ good: false, text });
  };
  /** What the rules in the form would delete now; null where that cannot be said. */
  const tryOut = async () => {
    const typed = read(rules);
    setWrong(typed.wrong);
    setOutcome(typed.wrong === null ? null : { good: false, text: words.daysInvalid });
    if (typed.rules === null || busy) return null;
    setBusy(true);
    const { ok, error } = await api.dryRun(typed.rules);
    setBusy(false);
    if (error === null) return { rules: typed.rules, count: ok };
    refuse(error);
    return null;
  };
  const store = (to: readonly api.RetentionRule[]) =>
    settings.change(SECTION, { version, value: { rules: to } });
  const stored = (sections: settings.Sections) => {
    setVersion(sections[SECTION]?.version ?? version);
    setAsked(null);
    setOutcome({ good: true, text: words.saved });
  };
  const count = async () => {
    const tried = await tryOut();
    if (tried === null) return;
    const isNothing = tried.count.conversations === 0;
    const text = isNothing
      ? words.wouldDeleteNothing
      : words.wouldDelete(counted(tried.count, all, tag));
    setOutcome({ good: true, text });
  };
  const save = async (event: Event) => {
    event.preventDefault();
    const tried = await tryOut();
    if (tried === null) return;
    // Nobody deletes by saving without having been told.
    if (tried.count.conversations > 0) return setAsked(tried);
    setBusy(true);
    const { ok, error } = await store(tried.rules);
    setBusy(false);
    if (error === null) stored(ok);
    else refuse(error);
  };
  const add = () => {
    const key = 1 + Math.max(-1, ...rules.map(rule => rule.key));
    change([...rules, { key, status: 'closed', tag: '', days: '' }]);
  };

  return (
    <>
      <form ref={form} class="admin-rules" aria-busy={busy} noValidate onSubmit={save}>
        {rules.length === 0 && <p>{words.noRules}</p>}
        <datalist id={tagList}>
          {allTags.value.map(one => (
            <option key={one.id} value={one.name} />
          ))}
        </datalist>
        {rules.map((rule, at) => (
          <Rule
            key={rule.key}
            at={at}
            rule={rule}
            tagList={tagList}
            wrong={wrong}
            set={fields => set(at, fields)}
            raise={() => change(raised(rules, at))}
            remove={() => change(rules.filter(one => one !== rule))}
          />
        ))}
        <div class="tasks">
          <button type="button" class="plain" onClick={add}>
            {words.addRule}
          </button>
          <button type="button" class="plain" aria-disabled={busy} onClick={() => void count()}>
            {words.tryOut}
          </button>
          <button type="submit" class="primary" aria-disabled={busy}>
            {words.saveRules}
          </button>
          {isOld && (
            <button type="button" class="plain" onClick={() => void reload()}>
              {words.loadTheirs}
            </button>
          )}
        </div>
        <OutcomeLine outcome={outcome} />
      </form>
      {asked !== null && (
        <Confirm
          title={words.askTitle}
          yes={words.saveAndDelete}
          isGrave
          act={async () => {
            const answer = await store(asked.rules);
            // What there is to be done about it is in the form.
            if (answer.error !== null) {
              setAsked(null);
              refuse(answer.error);
            }
            return answer;
          }}
          done={stored}
          closed={() => setAsked(null)}
        >
          <p>{words.ask(counted(asked.count, all, tag))}</p>
        </Confirm>
      )}
    </>
  );
}

interface RuleProps {
  at: number;
  rule: RuleFields;
  /** Where the tags stand that there are. */
  tagList: string;
  /** Which field was refused. */
  wrong: string | null;
  set: (fields: Partial<RuleFields>) => void;
  raise: () => void;
  remove: () => void;
}

function Rule({ at, rule, tagList, wrong, set, raise, remove }: RuleProps) {
  const words = adminWords.value;
  const said = words.cleanup;
  const ids = useId();
  const names: Readonly<Record<string, string>> = { ...words.statuses, any: said.anyStatus };
  const typed = (name: 'tag' | 'days', label: string, hint: string) => (
    <div class="field">
      <label for={`${ids}-${name}`}>{label}</label>
      <input
        id={`${ids}-${name}`}
        type="text"
        dir="auto"
        autocomplete="off"
        maxLength={name === 'tag' ? 40 : 5}
        inputMode={name === 'days' ? 'numeric' : undefined}
        list={name === 'tag' ? tagList : undefined}
        value={rule[name]}
        aria-invalid={wrong === `rules.${at}.${name}`}
        aria-describedby={`${ids}-${name}-hint`}
        onInput={event => set({ [name]: event.currentTarget.value })}
      />
      <p class="hint" id={`${ids}-${name}-hint`}>
        {hint}
      </p>
    </div>
  );
  return (
    <fieldset class="admin-rule">
      <legend>{said.rule(at + 1)}</legend>
      <div class="admin-fields">
        <div class="field">
          <label for={`${ids}-status`}>{said.ruleStatus}</label>
          <select
            id={`${ids}-status`}
            value={rule.status}
            onChange={event => set({ status: event.currentTarget.value })}
          >
            {STATUSES.map(status => (
              <option key={status} value={status}>
                {names[status]}
              </option>
            ))}
          </select>
        </div>
        {typed('tag', said.ruleTag, said.ruleTagHint)}
        {typed('days', said.ruleDays, said.ruleDaysHint)}
      </div>
      <div class="tasks">
        {at > 0 && (
          <button type="button" class="plain" onClick={raise}>
            {said.raise}
            <span class="hidden"> ({said.rule(at + 1)})</span>
          </button>
        )}
        <button type="button" class="plain" onClick={remove}>
          {said.removeRule}
          <span class="hidden"> ({said.rule(at + 1)})</span>
        </button>
      </div>
    </fieldset>
  );
}
