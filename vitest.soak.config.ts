import { defineConfig } from 'vitest/config';

/**
 * `npm run test:soak`: what the suite tries with one seed, with another each time (OCTOPUS_SEED repeats one); the properties of the corridor
 * over thousands of schedules (OCTOPUS_SCHEDULES).
 */
export default defineConfig({
  test: {
    include: [
      'src-main/replication/{corridor.property,crash}.integ.test.ts',
      'src-main/scheduler/{scheduler.property,year}.test.ts',
      'src-main/serve/{crash,fuzz}.integ.test.ts',
      'src-main/{api/matrix,audit/audit,identity/sessions}.test.ts',
      'src-main/providers/vsphere/{changed-extents,vim-fault}.test.ts',
      'workers/blocks/{extents,pipeline.property}.test.ts',
      'workers/sinks/image-file.integ.test.ts',
      'lab/vcenter/world/tracking.test.ts',
    ],
    globalSetup: ['scripts/vitest-setup.mjs'],
    env: {
      OCTOPUS_SCHEDULES: process.env.OCTOPUS_SCHEDULES ?? '3000',
      OCTOPUS_SEED: process.env.OCTOPUS_SEED ?? String(Date.now() % 2 ** 31),
    },
    testTimeout: 3_600_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 900_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
