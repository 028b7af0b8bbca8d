// npm run screenshots -- FOLDER: takes a picture of every state into FOLDER, for people to look at.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: npm run screenshots -- FOLDER');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const { status } = spawnSync(
  'npx',
  ['--no-install', 'playwright', 'test', '--config', 'screenshots/playwright.config.ts', ...more],
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, KEFU_SHOTS: resolve(folder) },
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
