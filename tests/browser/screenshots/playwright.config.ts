// As the tests, but in a folder and under a name that the tests do not look for.

import { defineConfig } from '@playwright/test';
import base from '../playwright.config.ts';

export default defineConfig({
  ...base,
  testDir: '.',
  testMatch: '*.shots.ts',
  outputDir: '../test-results/screenshots',
  timeout: 180_000,
});
