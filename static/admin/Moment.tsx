// A time, as the reader's language writes it.

import { locale } from '../shared/ui/locale';

export function Moment({ at }: { at: string }) {
  const told = new Date(at).toLocaleString(locale.value.tag, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  return <time dateTime={at}>{told}</time>;
}
