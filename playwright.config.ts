import { defineConfig } from '@playwright/test';
import type { WorldOptions } from './e2e/fixtures.ts';

// `npm run e2e` runs it, in a network that reaches nothing but this machine. One suite, tried in three places: what a title marks with
// @desktop, @web or @packed is for that place; of what is not marked, the web and the desktop run everything.
export default defineConfig<object, WorldOptions>({
  testDir: 'e2e',
  testMatch: '**/*.journey.ts',
  outputDir: '.cache/e2e',
  globalSetup: './e2e/network.ts',
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  retries: 0,
  // Milliseconds; generous, since the machine may be busy. Nothing waits for them where all is well.
  timeout: 600_000,
  expect: { timeout: 60_000 },
  use: { actionTimeout: 60_000 },
  reporter: [['list']],
  projects: [
    { name: 'desktop', use: { where: 'desktop' }, grepInvert: /@web|@packed-only/ },
    { name: 'web', use: { where: 'web' }, grepInvert: /@desktop|@packed-only/ },
    { name: 'packed', use: { where: 'packed' }, grep: /@packed/ },
  ],
});
