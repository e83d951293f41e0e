import { defineConfig, type ReporterDescription } from '@playwright/test';

import { browser } from './fixtures/browser.ts';

const report = process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? process.env.PLAYWRIGHT_JSON_OUTPUT_NAME;
const reporter: ReporterDescription[] = [['list']];
if (report) reporter.push(['json', { outputFile: report }]);

export default defineConfig({
  testDir: '.',
  outputDir: 'test-results',
  reporter,
  // Each worker has a chain, a server and a browser of its own: more than one per core only waits.
  workers: Number(process.env.LECTERN_E2E_WORKERS ?? 2),
  // What is written here must hold; a test that passes at the second try has found something.
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: { ...browser, actionTimeout: 15_000, screenshot: 'only-on-failure' },
  projects: [
    { name: 'journeys', testMatch: 'journeys/*.spec.ts' },
    // What needs no wallet works the same with JavaScript and without.
    { name: 'pages', testMatch: 'pages/*.spec.ts' },
    { name: 'pages without JavaScript', testMatch: 'pages/*.spec.ts', use: { javaScriptEnabled: false } },
    { name: 'accessibility', testMatch: 'a11y/*.spec.ts' },
  ],
});
