import { defineConfig } from 'vitest/config';

// Texts are compared as an American sees them, wherever the tests run; processes take the language with their environment.
process.env.LC_ALL = 'en_US.UTF-8';

export default defineConfig({
  test: {
    include: ['{src-main,src-preload,src-renderer,workers,lab,bench,e2e}/**/*.test.{ts,tsx}'],
    globalSetup: ['scripts/vitest-setup.mjs'],
    // Milliseconds; generous, since the machine may be busy. Nothing waits for them where all is well.
    testTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 900_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
