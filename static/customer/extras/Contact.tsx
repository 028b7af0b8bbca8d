// Name and e-mail address, if the customer wants to leave them: folded away, and asked for only while
// nobody is there to answer.

import { useRef, useState } from 'preact/hooks';
import type { Chat } from '../../shared/core/chat';
import { localStore } from '../../shared/stores';
import type { Live } from '../../shared/ui/live';
import { locale } from '../../shared/ui/locale';
import { ask } from './api';
import { EXTRA_WORDS } from './words';

const EMAIL_KEY = 'kefu.email';

export function Contact({ live }: { live: Live<Chat> }) {
  const chat = live.value;
  const words = EXTRA_WORDS[locale.value.language];
  const [outcome, setOutcome] = useState<{ good: boolean; text: string } | null>(null);
  const details = useRef<HTMLDetailsElement>(null);
  const name = useRef<HTMLInputElement>(null);
  const email = useRef<HTMLInputElement>(null);
  // Whoever has begun goes on with it, though somebody has come meanwhile.
  const [begun, setBegun] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setOutcome(null);
    const typed = email.current?.value.trim() ?? '';
    const { ok, body } = await ask('contact', {
      name: name.current?.value ?? '',
      email: typed,
    });
    if (ok) {
      localStore.set(EMAIL_KEY, typed);
      setOutcome({ good: true, text: words.contactKept });
      if (details.current) details.current.open = false;
      return;
    }
    const isEmail = body.field === 'email';
    const text = isEmail ? words.contactWrong : locale.value.error(String(body.code));
    setOutcome({ good: false, text });
    (isEmail ? email : name).current?.focus();
  };
  const here = chat.business?.open === true && chat.agents.size > 0;
  if (here && !begun) return null;
  return (
    <>
      <details
        ref={details}
        onToggle={event => {
          setBegun(true);
          // Who folds it away does not want to put it right.
          if (!event.currentTarget.open && outcome?.good === false) setOutcome(null);
        }}
      >
        <summary>{words.contact}</summary>
        <form onSubmit={submit} noValidate>
          <label class="labelled">
            {words.contactName}
            <input
              ref={name}
              type="text"
              autocomplete="name"
              maxLength={100}
              dir="auto"
              defaultValue={chat.me.name ?? ''}
            />
          </label>
          <label class="labelled">
            {words.contactEmail}
            <input
              ref={email}
              type="email"
              autocomplete="email"
              maxLength={254}
              defaultValue={localStore.get(EMAIL_KEY) ?? ''}
            />
          </label>
          <p class="hint">{words.contactHint}</p>
          <button type="submit" class="primary">
            {words.contactSend}
          </button>
        </form>
      </details>
      <p class={outcome?.good === false ? 'bad' : ''} role="status">
        {outcome?.text}
      </p>
    </>
  );
}
