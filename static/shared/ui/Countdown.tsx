// The seconds until something happens by itself. Only to be seen: a reader would say every one.

import { useEffect, useState } from 'preact/hooks';
import { locale } from './locale';

export function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.ceil((until - now) / 1000);
  return seconds > 0 ? (
    <span class="countdown" aria-hidden="true">
      {' '}
      {locale.value.words.inSeconds(seconds)}
    </span>
  ) : null;
}
