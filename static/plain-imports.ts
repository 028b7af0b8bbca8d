// A Vite plugin that leaves `import()` as it is. Vite wraps each in a helper that fetches the
// chunk's styles and imports ahead; ours have no styles of their own and hardly any imports, and
// the helper would cost every customer more than a kilobyte before the page is shown.

import type { Plugin } from 'vite';

const HELPER = '\0vite/preload-helper.js';

export function plainImports(): Plugin {
  return {
    name: 'kefu-plain-imports',
    apply: 'build',
    enforce: 'pre',
    load: id => (id === HELPER ? 'export const __vitePreload = load => load();' : null),
  };
}
