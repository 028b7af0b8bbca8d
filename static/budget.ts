// A Vite plugin that keeps the customer's page small: it prints what its first view costs, and the
// build fails when that grows past the limit or pulls in anything of the console.

import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

interface Budget {
  /** The scripts that the page needs before it shows anything, by their names. */
  scripts: readonly string[];
  /** It needs one of these as well; the largest counts. */
  oneOf: readonly string[];
  /** Bytes of scripts and styles after gzip. */
  limit: number;
  /** No module whose path has this in it. */
  without: string;
}

type File = Rolldown.OutputChunk | Rolldown.OutputAsset;

export function budget({ scripts, oneOf, limit, without }: Budget): Plugin {
  return {
    name: 'kefu-budget',
    apply: 'build',
    // After Vite's own plugins have put the styles into files.
    enforce: 'post',
    generateBundle(_, bundle) {
      const choices = oneOf.map(name => needed(bundle, [name]));
      const [largest = []] = choices.sort((a, b) => sum(b) - sum(a));
      const files = [...new Set([...needed(bundle, scripts), ...largest])];
      const stray = files.flatMap(file =>
        file.type === 'chunk' ? file.moduleIds.filter(id => id.includes(without)) : [],
      );
      if (stray.length > 0) this.error(`The first view loads ${stray.join(', ')}`);

      const lines = files.map(file => `  ${String(sizeOf(file)).padStart(6)} ${file.fileName}`);
      const total = sum(files);
      const report = [`The first view takes ${total} bytes after gzip, of ${limit}`, ...lines].join(
        '\n',
      );
      if (total > limit) this.error(report);
      this.info(report);
    },
  };
}

function sizeOf(file: File): number {
  return gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }).length;
}

const sum = (files: readonly File[]) => files.reduce((total, file) => total + sizeOf(file), 0);

/** These scripts, whatever they import, and their styles. */
function needed(bundle: Rolldown.OutputBundle, names: readonly string[]): File[] {
  const found = new Set<File>();
  const add = (fileName: string) => {
    const file = bundle[fileName];
    if (file === undefined || found.has(file)) return;
    found.add(file);
    if (file.type === 'asset') return;
    file.imports.forEach(add);
    file.viteMetadata?.importedCss.forEach(add);
  };
  for (const name of names) {
    const script = Object.values(bundle).find(file => file.type === 'chunk' && file.name === name);
    if (script === undefined) throw new Error(`the build has no script "${name}"`);
    add(script.fileName);
  }
  return [...found];
}
