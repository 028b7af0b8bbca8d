// What files may be sent, and how many.

import { Row } from './fields';
import type { FormProps } from './sections';
import { settingsWords } from './settingsWords';

const GROUPS = ['images', 'documents', 'text', 'audio', 'video', 'archives', 'other'] as const;

const MEGABYTE = 2 ** 20;
const GIGABYTE = 2 ** 30;
const USUAL_BYTES = 10 * MEGABYTE;

export function FilesForm({ value, change }: FormProps) {
  const words = settingsWords.value;
  const allowed = value.bytes !== 0;
  const groups = Array.isArray(value.groups) ? value.groups : [];
  return (
    <>
      <div class="choices">
        <label>
          <input
            type="checkbox"
            checked={allowed}
            onChange={event => change({ bytes: event.currentTarget.checked ? USUAL_BYTES : 0 })}
          />
          {words.filesAllowed}
        </label>
      </div>
      {allowed && (
        <>
          <Amount
            label={words.fileMegabytes}
            hint={words.fileMegabytesHint}
            field="bytes"
            unit={MEGABYTE}
            value={value.bytes}
            change={bytes => change({ bytes })}
          />
          <fieldset class="choices" data-field="groups" tabIndex={-1}>
            <legend>{words.fileGroups}</legend>
            {GROUPS.map(group => (
              <label key={group}>
                <input
                  type="checkbox"
                  checked={groups.includes(group)}
                  onChange={event => {
                    const on = event.currentTarget.checked;
                    const some = GROUPS.filter(one => (one === group ? on : groups.includes(one)));
                    change({ groups: some });
                  }}
                />
                {words.groupsOfFiles[group]}
              </label>
            ))}
            <p class="hint">{words.fileGroupsHint}</p>
          </fieldset>
          <Amount
            label={words.filesPerConversation}
            field="per_conversation"
            value={value.per_conversation}
            change={per_conversation => change({ per_conversation })}
          />
          <Amount
            label={words.filesPerHour}
            hint={words.filesPerHourHint}
            field="per_hour"
            value={value.per_hour}
            change={per_hour => change({ per_hour })}
          />
        </>
      )}
      <Amount
        label={words.fileGigabytes}
        hint={words.fileGigabytesHint}
        field="quota_bytes"
        unit={GIGABYTE}
        value={value.quota_bytes}
        change={quota_bytes => change({ quota_bytes })}
      />
    </>
  );
}

interface AmountProps {
  label: string;
  hint?: string;
  field: string;
  /** Of how many one that is typed stands for. */
  unit?: number;
  value: unknown;
  change: (value: unknown) => void;
}

/** A number. What is none goes to the server as it is, which says what is allowed. */
function Amount({ label, hint, field, unit = 1, value, change }: AmountProps) {
  const shown = typeof value === 'number' ? String(Math.round((value / unit) * 100) / 100) : value;
  return (
    <Row label={label} {...(hint !== undefined && { hint })}>
      {ids => (
        <input
          {...ids}
          type="text"
          inputMode="decimal"
          autocomplete="off"
          data-field={field}
          value={String(shown ?? '')}
          onInput={event => {
            const typed = event.currentTarget.value.trim();
            const isNumber = /^\d+(\.\d{1,2})?$/.test(typed);
            change(isNumber ? Math.round(Number(typed) * unit) : typed);
          }}
        />
      )}
    </Row>
  );
}
