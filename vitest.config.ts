import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src-main,src-preload,src-renderer,workers,lab,bench,e2e}/**/*.test.{ts,tsx}'],
    globalSetup: ['scripts/vitest-setup.mjs'],
    testTimeout: 300_000,
    hookTimeout: 900_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
