import { defineConfig } from 'vitest/config';

/** `npm run test:soak`: the properties of the corridor over thousands of schedules (OCTOPUS_SCHEDULES), another seed each time. */
export default defineConfig({
  test: {
    include: ['src-main/replication/corridor.property.integ.test.ts'],
    globalSetup: ['scripts/vitest-setup.mjs'],
    env: {
      OCTOPUS_SCHEDULES: process.env.OCTOPUS_SCHEDULES ?? '3000',
      OCTOPUS_SEED: process.env.OCTOPUS_SEED ?? String(Date.now() % 2 ** 31),
    },
    hookTimeout: 120_000,
    pool: 'forks',
  },
});
