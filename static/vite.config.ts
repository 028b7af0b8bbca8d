// Builds the pages into dist/: one HTML file each, and hashed scripts and styles under /assets/. The
// customer's page is a build of its own (`--mode customer`, the first of the two), so that nothing of
// it is cut to suit the others.

import { defineConfig } from 'vitest/config';
import { ahead, inOne } from './ahead.ts';
import { budget } from './budget.ts';
import { compress } from './compress.ts';
import { plainImports } from './plain-imports.ts';

export default defineConfig(({ mode }) => ({
  plugins: [
    plainImports(),
    ...(mode === 'customer'
      ? [
          ahead('page'),
          budget({
            scripts: ['customer', 'page'],
            oneOf: ['en', 'zh'],
            limit: 25_000,
            without: '/static/agent/',
          }),
        ]
      : [compress()]),
  ],
  build: {
    outDir: 'dist',
    emptyOutDir: mode === 'customer',
    target: ['chrome111', 'firefox114', 'safari16.4'],
    // The policy of the pages allows no inline script, and data: only for pictures.
    // Nor are the few scripts that come later worth a helper that fetches ahead for them.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_, found, { hostType }) => (hostType === 'html' ? found : []),
    },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input:
        mode === 'customer'
          ? { customer: 'index.html' }
          : { agent: 'agent.html', admin: 'admin.html' },
      output: {
        chunkFileNames: 'assets/[name]-[hash].js',
        ...(mode === 'customer' && {
          codeSplitting: { groups: [inOne('page', 'customer/page.tsx', 'customer/main.ts')] },
        }),
      },
    },
  },
  test: { include: ['{shared,agent,customer,admin}/**/*.test.ts'] },
}));
