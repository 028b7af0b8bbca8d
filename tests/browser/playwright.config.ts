// How the browser tests run. `make test-browser` builds what they need and starts them; by hand:
// `npx playwright test` here, with KEFU_BIN and KEFU_CHROMIUM for programs elsewhere.

import { defineConfig } from '@playwright/test';
import { CHROMIUM, CHROMIUM_FLAGS } from './support/programs.ts';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  // How long something may take before it counts as never: no bound of ours, and a busy machine stands
  // still for seconds.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['./support/brief.ts']],
  use: {
    browserName: 'chromium',
    headless: true,
    launchOptions: { executablePath: CHROMIUM, args: CHROMIUM_FLAGS },
    locale: 'en-GB',
    timezoneId: 'Asia/Shanghai',
    viewport: { width: 1280, height: 800 },
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    screenshot: 'only-on-failure',
    trace: 'off',
  },
});
