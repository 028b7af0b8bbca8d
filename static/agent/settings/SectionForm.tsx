// One section: its form, Save, and how that went. A field that was refused is marked and has the focus.

import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { WireError } from '../../shared/core/wire';
import { locale } from '../../shared/ui/locale';
import { type Outcome, OutcomeLine } from '../Panel';
import type { FormProps } from './sections';
import * as api from './settingsApi';
import { settingsWords } from './settingsWords';

interface SectionFormProps {
  name: string;
  title: string;
  section: api.Section;
  Form: ComponentType<FormProps>;
  stored: (sections: api.Sections) => void;
  reload: () => void;
}

export function SectionForm({ name, title, section, Form, stored, reload }: SectionFormProps) {
  const words = settingsWords.value;
  const [value, setValue] = useState(section.value);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [isOld, setOld] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const isDirty = JSON.stringify(value) !== JSON.stringify(section.value);

  // Another version is stored: ours, or what somebody else has stored and we asked for.
  useEffect(() => {
    setValue(section.value);
    setOld(false);
  }, [section.version]);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setOutcome(null);
    mark(form.current, null);
    const { ok, error } = await api.change(name, { version: section.version, value });
    setBusy(false);
    if (error === null) {
      stored(ok);
      setOutcome({ good: true, text: words.saved });
      return;
    }
    setOld(error.code === 'settings_changed');
    setOutcome({ good: false, text: explain(error) });
    if (error.code === 'setting_invalid') mark(form.current, error.field?.slice(name.length + 1));
  };

  return (
    <form
      ref={form}
      class="block settings-section"
      aria-busy={busy}
      aria-label={title}
      noValidate
      onSubmit={submit}
    >
      <h3>{title}</h3>
      <Form
        value={value}
        stored={section.value}
        change={fields => {
          setValue(now => ({ ...now, ...fields }));
          setOutcome(null);
        }}
      />
      <OutcomeLine outcome={outcome} />
      <div class="tasks">
        <button type="submit" class="primary" aria-disabled={busy}>
          {words.save}
          <span class="hidden"> {title}</span>
        </button>
        {isOld && (
          <button type="button" class="plain" onClick={reload}>
            {words.loadTheirs}
          </button>
        )}
        {isDirty && !isOld && <span class="hint">{words.unsaved}</span>}
      </div>
    </form>
  );
}

function explain(error: WireError): string {
  const words = settingsWords.value;
  if (error.code === 'settings_changed') return words.changedMeanwhile;
  const wrong: Readonly<Record<string, string>> = words.wrong;
  const [section, field] = (error.field ?? '').split('.');
  // The server's own words name the field at least.
  if (error.code === 'setting_invalid') return wrong[`${section}.${field}`] ?? error.message;
  return locale.value.error(error.code);
}

/** Points at the field that was refused, or at the nearest that is above it. */
function mark(form: HTMLElement | null, field: string | null | undefined): void {
  const fields = [...(form?.querySelectorAll<HTMLElement>('[data-field]') ?? [])];
  for (const one of fields) one.removeAttribute('aria-invalid');
  const found = fields.filter(one => {
    const { field: own = '' } = one.dataset;
    return field === own || field?.startsWith(`${own}.`) || own.startsWith(`${field}.`);
  });
  const exact = found.find(one => one.dataset.field === field) ?? found[0];
  exact?.setAttribute('aria-invalid', 'true');
  exact?.focus();
}
