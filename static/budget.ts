// A Vite plugin that keeps the customer's page small: it prints what the first load costs, and the
// build fails when that grows past the limit or pulls in anything of the console.

import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

interface Budget {
  /** The name of the page's entry. */
  entry: string;
  /** Bytes of scripts and styles after gzip. */
  limit: number;
  /** No module whose path has this in it. */
  without: string;
}

export function budget({ entry, limit, without }: Budget): Plugin {
  return {
    name: 'kefu-budget',
    apply: 'build',
    // After Vite's own plugins have put the styles into files.
    enforce: 'post',
    generateBundle(_, bundle) {
      const files = firstLoad(bundle, entry);
      const stray = files.flatMap(file =>
        file.type === 'chunk' ? file.moduleIds.filter(id => id.includes(without)) : [],
      );
      if (stray.length > 0) this.error(`${entry} loads ${stray.join(', ')}`);

      const sizes = files.map(file => ({
        name: file.fileName,
        size: gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }).length,
      }));
      const total = sizes.reduce((sum, { size }) => sum + size, 0);
      const lines = sizes.map(({ name, size }) => `  ${String(size).padStart(6)} ${name}`);
      const report = [
        `${entry}: ${total} bytes after gzip at first load, of ${limit}`,
        ...lines,
      ].join('\n');
      if (total > limit) this.error(report);
      this.info(report);
    },
  };
}

/** What the page loads before it is shown: the entry, whatever that imports, and their styles. */
function firstLoad(bundle: Rolldown.OutputBundle, entry: string) {
  const found = new Set<Rolldown.OutputChunk | Rolldown.OutputAsset>();
  const add = (name: string) => {
    const file = bundle[name];
    if (file === undefined || found.has(file)) return;
    found.add(file);
    if (file.type === 'asset') return;
    file.imports.forEach(add);
    file.viteMetadata?.importedCss.forEach(add);
  };
  for (const file of Object.values(bundle)) {
    if (file.type === 'chunk' && file.isEntry && file.name === entry) add(file.fileName);
  }
  if (found.size === 0) throw new Error(`no entry ${entry}`);
  return [...found];
}
