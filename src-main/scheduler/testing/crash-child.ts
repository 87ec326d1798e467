// Run by crash.integ.test.ts: `node crash-child.ts <database> <log> <n>` ends itself with SIGKILL right before its n-th write.
import { appendFileSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { randomFrom } from '../../../workers/testing/random-from.ts';
import { openStore } from '../../store/store.ts';
import { createScheduler } from '../scheduler.ts';
import { manualClock } from './fixtures.ts';

const [database, log, killAt] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])];
await using store = await openStore(database);

// Every statement passes these two; BEGIN and COMMIT too, so that it also ends between a transaction's writes and right before its commit.
const statement = Object.getPrototypeOf(new SqliteDatabase(':memory:').prepare('SELECT 1')) as Record<
  'run' | 'all',
  (...a: unknown[]) => unknown
>;
let writes = 0;
for (const name of ['run', 'all'] as const) {
  const original = statement[name];
  statement[name] = function (this: SqliteDatabase.Statement, ...values: unknown[]) {
    if (!/^\s*select/i.test(this.source) && ++writes === killAt) process.kill(process.pid, 'SIGKILL');
    return original.apply(this, values);
  };
}

const clock = manualClock('2026-06-01T00:00:00Z');
let ids = 0;
const work = async (task: { id: string; scheduleId: string | undefined; plannedAt: string | undefined; attempts: number }) => {
  appendFileSync(log, `${task.scheduleId ?? task.id} ${task.plannedAt ?? ''}\n`);
  if (task.scheduleId === 'failing' && task.attempts === 1) throw new OctopusError('source.busy', 'Busy.', { retryable: true });
};
const scheduler = createScheduler({
  store,
  clock,
  random: randomFrom(1),
  newId: () => `child-${killAt}-${ids++}`,
  executors: { run: work, cutover: work, inventory: work, retention: work, verify: work },
  goNoGo: async () => ({ go: true }),
});
for (let tick = 0; tick < 3; tick++) {
  clock.advance(5 * 60_000);
  await scheduler.tick();
  await scheduler.idle();
}
process.stdout.write(`${writes}\n`);
