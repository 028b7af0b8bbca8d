// What stands in a list of messages while they are on their way.

import { locale } from './locale';

/** Grey shapes, which the style sheet shows only when loading takes longer than a moment. */
export function Skeleton() {
  const { words } = locale.value;
  return (
    <div class="skeleton">
      <span class="hidden">{words.loading}</span>
      <span class="shape start" />
      <span class="shape start short" />
      <span class="shape end" />
      <span class="shape start" />
      <span class="shape end short" />
    </div>
  );
}
