// What the business sets, for admins: one form for each section, saved by itself.

import { useEffect, useState } from 'preact/hooks';
import type { Person, WireError } from '../../shared/core/wire';
import { locale } from '../../shared/ui/locale';
import { LoadProblem } from '../LoadProblem';
import { Panel } from '../Panel';
import { SectionForm } from './SectionForm';
import { SECTIONS } from './sections';
import * as api from './settingsApi';
import { settingsWords } from './settingsWords';
import './settings.css';

export function SettingsPanel({ me }: { me: Person }) {
  const words = settingsWords.value;
  const [sections, setSections] = useState<api.Sections | null>(null);
  const [problem, setProblem] = useState<WireError | null>(null);
  const isAdmin = me.role === 'admin';
  const load = async () => {
    const { ok, error } = await api.settings();
    if (ok !== null) setSections(ok);
    setProblem(error);
  };
  useEffect(() => {
    if (isAdmin) void load();
  }, [isAdmin]);
  if (!isAdmin) {
    return (
      <Panel title={words.settings}>
        <p role="alert">{locale.value.error('forbidden')}</p>
      </Panel>
    );
  }
  return (
    <Panel title={words.settings}>
      <p class="hint">{words.settingsIntro}</p>
      {sections === null && problem === null && <p class="skeleton">{words.loading}</p>}
      {problem !== null && <LoadProblem why={locale.value.error(problem.code)} again={load} />}
      {sections !== null &&
        SECTIONS.map(({ name, title, Form }) => {
          const section = sections[name];
          return (
            section !== undefined && (
              <SectionForm
                key={name}
                name={name}
                title={title(words)}
                section={section}
                Form={Form}
                stored={setSections}
                reload={load}
              />
            )
          );
        })}
    </Panel>
  );
}
