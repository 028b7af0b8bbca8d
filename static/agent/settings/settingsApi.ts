// The HTTP side of the settings: read all sections, change one.

import { type Answer, call, field } from '../api';

/** The fields of a section, as the server has them. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Section {
  readonly version: number;
  readonly value: Fields;
}

export type Sections = Readonly<Record<string, Section>>;

export function settings(): Promise<Answer<Sections>> {
  return call('/settings', read);
}

/** A section goes back with the version that it came with, so that nobody's change is overwritten. */
export function change(name: string, section: Section): Promise<Answer<Sections>> {
  return call('/settings', read, { sections: { [name]: section } }, 'PUT');
}

function read(body: unknown): Sections | null {
  const sections = field(body, 'sections');
  if (typeof sections !== 'object' || sections === null) return null;
  const known = Object.entries(sections).filter(([, section]) => isSection(section));
  return Object.fromEntries(known) as Sections;
}

function isSection(section: unknown): boolean {
  const value = field(section, 'value');
  return (
    typeof field(section, 'version') === 'number' && typeof value === 'object' && value !== null
  );
}
