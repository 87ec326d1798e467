import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTransferPool } from '../../workers/piscina-pool.ts';
import { performSchedule, type Tally } from './testing/corridor-perform.ts';
import { schedules } from './testing/corridor-schedule.ts';

/** OCTOPUS_SEED and OCTOPUS_PATH repeat what a failure printed; OCTOPUS_SHRINK=1 looks for a smaller schedule that fails as well. */
const { OCTOPUS_SEED, OCTOPUS_PATH, OCTOPUS_SCHEDULES, OCTOPUS_SHRINK } = process.env;
const seed = Number(OCTOPUS_SEED ?? 20_260_401);
const total = Number(OCTOPUS_SCHEDULES ?? 200);
/** Schedules at a time: most of their time is waiting. */
const lanes = OCTOPUS_PATH === undefined ? 4 : 1;

test(`after ${total} random schedules every recovery point is the source at its snapshot (OCTOPUS_SEED=${seed})`, {
  timeout: 240_000 + total * 5000,
}, async () => {
  console.log(`corridor properties: ${total} schedules, OCTOPUS_SEED=${seed}`);
  const pool = createTransferPool({ threads: 2 });
  const tally: Tally = new Map();
  try {
    const property = fc.asyncProperty(schedules, (schedule) => performSchedule(schedule, pool, tally));
    const ends = await Promise.allSettled(
      Array.from({ length: lanes }, (_, lane) =>
        fc.assert(property, {
          seed: seed + lane,
          numRuns: Math.ceil(total / lanes),
          endOnFailure: OCTOPUS_SHRINK === undefined,
          includeErrorInReport: true,
          ...(OCTOPUS_PATH === undefined ? {} : { path: OCTOPUS_PATH }),
        }),
      ),
    );
    console.log(
      [...tally]
        .sort()
        .map(([what, times]) => `${what} ${times}`)
        .join(', '),
    );
    const failed = ends.filter((end) => end.status === 'rejected').map(({ reason }) => (reason as Error).message);
    if (failed.length > 0) throw new Error(failed.join('\n\n'));
  } finally {
    await pool[Symbol.asyncDispose]();
  }
  if (OCTOPUS_PATH !== undefined) return;
  // Schedules that reach nothing prove nothing.
  for (const what of ['full', 'incremental', 'reconcile', 'final', 'resumed', 'run failed', 'run killed', 'failed: operation.cancelled']) {
    expect(tally.get(what) ?? 0, what).toBeGreaterThan(0);
  }
});
