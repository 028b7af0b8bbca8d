// The secret that the host site signs with. The server shows none: an empty text stands for one that is set.

import { randomBytes } from '../../shared/browser';
import { asText, Row } from './fields';
import { identityWords } from './identityWords';
import type { FormProps } from './sections';

/** Twice what is asked for at least. */
const SECRET_BYTES = 48;

const newSecret = () => btoa(String.fromCharCode(...randomBytes(SECRET_BYTES)));

export function IdentityForm({ value, change, stored }: FormProps) {
  const words = identityWords.value;
  const isSet = stored.secret === '';
  const isKept = isSet && value.secret === '';
  const button = (label: string, fields: Parameters<typeof change>[0]) => (
    <button type="button" class="plain" onClick={() => change(fields)}>
      {label}
    </button>
  );
  const keep = isSet && button(words.keepSecret, { secret: '', old_secret: stored.old_secret });
  return (
    <>
      <p class="hint">{words.identityIntro}</p>
      {isKept && (
        <div class="tasks">
          <span>{words.secretIsSet}</span>
          {button(words.replaceSecret, { secret: newSecret() })}
          {button(words.removeSecret, { secret: null, old_secret: null })}
        </div>
      )}
      {isSet && value.secret === null && (
        <div class="tasks" role="status">
          <span>{words.removed}</span>
          {keep}
        </div>
      )}
      {!isKept && !(isSet && value.secret === null) && (
        <>
          <Row label={words.secret} hint={words.secretHint}>
            {ids => (
              <input
                {...ids}
                class="mono"
                type="text"
                autocomplete="off"
                spellcheck={false}
                data-field="secret"
                value={asText(value.secret)}
                onInput={event => {
                  const typed = event.currentTarget.value;
                  // Nothing typed is no secret; but one that is set goes only by "Remove".
                  change({ secret: typed === '' && !isSet ? null : typed });
                }}
              />
            )}
          </Row>
          <div class="tasks">
            {button(words.makeSecret, { secret: newSecret() })}
            {keep}
          </div>
        </>
      )}
      {stored.old_secret === '' && value.secret !== null && (
        <div class="tasks">
          <span>{value.old_secret === null ? words.oldRemoved : words.oldSecretIsSet}</span>
          {value.old_secret !== null && button(words.removeOld, { old_secret: null })}
        </div>
      )}
    </>
  );
}
