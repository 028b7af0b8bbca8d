// A page whose entry is small and imports the page itself: what the build has to know of it.

import { join } from 'node:path';
import type { Plugin, Rolldown } from 'vite';

/** A Vite plugin that lets the HTML ask for the page at once, so that both are on their way together. */
export function ahead(chunk: string): Plugin {
  return {
    name: 'kefu-ahead',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (_, { bundle = {} }) =>
        Object.values(bundle)
          .filter(file => file.type === 'chunk' && file.name === chunk)
          .map(({ fileName }) => ({
            tag: 'link',
            attrs: { rel: 'modulepreload', crossorigin: '', href: `/${fileName}` },
            injectTo: 'head' as const,
          })),
    },
  };
}

/** Puts into one script what `page` needs and `entry` does not: many small ones are larger. */
export function inOne(name: string, page: string, entry: string): Rolldown.CodeSplittingGroup {
  const [from = '', not = ''] = [page, entry].map(path => join(import.meta.dirname, path));
  let members: Set<string> | null = null;
  return {
    name: (id, modules) => {
      const add = (id: string, found: Set<string>, without = new Set<string>()) => {
        if (found.has(id) || without.has(id)) return found;
        found.add(id);
        for (const needed of modules.getModuleInfo(id)?.importedIds ?? [])
          add(needed, found, without);
        return found;
      };
      members ??= add(from, new Set(), add(not, new Set()));
      return members.has(id) ? name : null;
    },
    debugName: name,
    includeDependenciesRecursively: false,
  };
}
