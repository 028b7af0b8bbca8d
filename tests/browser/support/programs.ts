// The two programs that the tests run: the server under test and the browser. Neither is ever
// fetched here, and a run without one of them fails.

import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export const KEFU = program('KEFU_BIN', `${ROOT}target/debug/kefu`);
export const CHROMIUM = program('KEFU_CHROMIUM', '/usr/bin/chromium');
/** The built pages. */
export const PAGES = process.env.KEFU_STATIC || `${ROOT}static/dist`;

/** For Chromium: no sandbox for root, who cannot have one, and nothing that calls home. */
export const CHROMIUM_FLAGS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function program(variable: string, otherwise: string): string {
  const path = process.env[variable] || otherwise;
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`${variable}: ${path} is not a program; the browser tests need it`);
  }
  return path;
}
