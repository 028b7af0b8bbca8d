// Builds the pages into dist/: one HTML file each, and hashed scripts and styles under /assets/.

import { defineConfig } from 'vitest/config';
import { budget } from './budget.ts';
import { compress } from './compress.ts';
import { plainImports } from './plain-imports.ts';

export default defineConfig({
  plugins: [
    plainImports(),
    budget({ entry: 'customer', limit: 35_000, without: '/static/agent/' }),
    compress(),
  ],
  build: {
    outDir: 'dist',
    target: ['chrome111', 'firefox114', 'safari16.4'],
    // The policy of the pages allows no inline script, and data: only for pictures.
    // Nor are the few scripts that come later worth a helper that fetches ahead for them.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_, found, { hostType }) => (hostType === 'html' ? found : []),
    },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { customer: 'index.html', agent: 'agent.html', admin: 'admin.html' },
      output: { chunkFileNames: 'assets/shared-[hash].js' },
    },
  },
  test: { include: ['{shared,agent,customer,admin}/**/*.test.ts'] },
});
