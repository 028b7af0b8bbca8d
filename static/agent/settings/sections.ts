// Every section of the settings with its form. A new one is a form in a file of its own and a line here.

import type { ComponentType } from 'preact';
import { AskingForm } from './AskingForm';
import { AssignmentForm } from './AssignmentForm';
import { assignmentWords } from './assignmentWords';
import { FilesForm } from './FilesForm';
import { GreetingForm } from './GreetingForm';
import { HoursForm } from './HoursForm';
import { IdentityForm } from './IdentityForm';
import { identityWords } from './identityWords';
import { LanguagesForm } from './LanguagesForm';
import { LookForm } from './LookForm';
import type { Fields } from './settingsApi';
import type { SettingsWords } from './settingsWords';

export interface FormProps {
  /** The fields as they stand in the form. */
  value: Fields;
  change: (fields: Fields) => void;
  /** As they are stored. */
  stored: Fields;
}

interface SectionOfSettings {
  /** As the server names it. */
  name: string;
  title: (words: SettingsWords) => string;
  /** Inputs; each that can be refused has its path below the section as `data-field`. */
  Form: ComponentType<FormProps>;
}

export const SECTIONS: readonly SectionOfSettings[] = [
  { name: 'look', title: words => words.look, Form: LookForm },
  { name: 'greeting', title: words => words.greeting, Form: GreetingForm },
  { name: 'hours', title: words => words.hours, Form: HoursForm },
  { name: 'languages', title: words => words.languages, Form: LanguagesForm },
  { name: 'files', title: words => words.files, Form: FilesForm },
  { name: 'asking', title: words => words.asking, Form: AskingForm },
  { name: 'assignment', title: () => assignmentWords.value.assignment, Form: AssignmentForm },
  { name: 'identity', title: () => identityWords.value.identity, Form: IdentityForm },
];
