import path from 'node:path';

import { defineConfig } from '@playwright/test';

import { browser } from './fixtures/browser.ts';

/** `npm run screens`: pictures of every page, for people to look at. Outside the tests. */
export default defineConfig({
  testDir: 'screens',
  outputDir: 'test-results',
  reporter: [['list']],
  workers: 1,
  timeout: 600_000,
  use: browser,
  metadata: { into: path.resolve(process.env.LECTERN_SCREENS ?? 'screenshots') },
});
