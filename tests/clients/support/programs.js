// The programs that the tests run. None is ever fetched here, and a run without one of them fails.

import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('../', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export const KEFU = program('KEFU_BIN', `${ROOT}target/debug/kefu`);

/** The built pages. */
export const PAGES = process.env.KEFU_STATIC || `${ROOT}static/dist`;

/** The browser; asked for by the tests that need one. */
export const chromium = () => program('KEFU_CHROMIUM', '/usr/bin/chromium');

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

/** A Python with the python-socketio that speaks this version of Engine.IO. */
export const python = eio => program(`KEFU_PYTHON_EIO${eio}`, `${HERE}.venv/eio${eio}/bin/python`);

function program(variable, otherwise) {
  const path = process.env[variable] || otherwise;
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`${variable}: ${path} is not a program; these tests need it`);
  }
  return path;
}
