// A password that is shown this once, ready to be copied.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { accountWords } from './accountWords';

interface SecretProps {
  username: string;
  password: string;
  done: () => void;
}

export function Secret({ username, password, done }: SecretProps) {
  const words = accountWords.value;
  const [copied, setCopied] = useState<'yes' | 'by hand' | null>(null);
  const box = useRef<HTMLElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => box.current?.focus(), [password]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(password);
      setCopied('yes');
    } catch {
      // Browsers have no clipboard for pages without https.
      input.current?.focus();
      input.current?.select();
      setCopied('by hand');
    }
  };

  return (
    <section ref={box} class="secret" tabIndex={-1} aria-label={words.password}>
      <p>
        {words.passwordOf} <bdi>{username}</bdi>
      </p>
      <div class="secret-line">
        <input
          ref={input}
          class="mono"
          readOnly
          value={password}
          aria-label={words.password}
          onFocus={event => event.currentTarget.select()}
        />
        <button type="button" class="primary" onClick={copy}>
          {words.copy}
        </button>
        <button type="button" class="quiet" onClick={done}>
          {words.done}
        </button>
      </div>
      <p class="outcome good" role="status">
        {copied === 'yes' ? words.copied : copied === 'by hand' ? words.copyByHand : ''}
      </p>
      <p class="hint">{words.shownOnce}</p>
    </section>
  );
}
