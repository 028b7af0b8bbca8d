// A time, as the reader's language and region write it.

import { locale } from '../shared/ui/locale';

export function Moment({ at }: { at: string }) {
  return <time dateTime={at}>{locale.value.moment(Date.parse(at))}</time>;
}
