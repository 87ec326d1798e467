import { expect, test } from 'vitest';
import { OctopusError } from '../../workers/octopus-error.ts';
import { randomFrom } from '../../workers/testing/random-from.ts';
import type { Task } from '../domain/task.ts';
import { openStore } from '../store/store.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { countingIds, manualClock, runSchedule, withJobs } from './testing/fixtures.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const first = Number(process.env.OCTOPUS_SEED ?? 20_260_401);
const seeds = Array.from({ length: Number(process.env.OCTOPUS_SEEDS ?? 5) }, (_, index) => first + index);

interface Process {
  scheduler: Scheduler;
  dead: boolean;
  /** Works that its executors are at. */
  works: Set<Work>;
}
interface Work {
  task: Task;
  process: Process;
  finish: (error?: Error) => void;
}

test.each(seeds)(
  'crashes, lost leases, failures and clock jumps: every task ends exactly once, one a migration (seed %i)',
  async (seed) => {
    await using store = await openStore(':memory:');
    const random = randomFrom(seed);
    const chance = (share: number) => random() < share;
    const pick = <Item>(items: Iterable<Item>): Item | undefined => {
      const all = [...items];
      return all[Math.floor(random() * all.length)];
    };
    const clock = manualClock('2026-03-28T00:00:00Z');
    const newId = countingIds();
    const jobs = 6;
    await withJobs(store, jobs, 2);
    const limits = { total: 4, perHost: 2, perDatastore: 2, perTarget: 4 };
    /** Completions that the store accepted: by task id, never more than one. */
    const completed = new Map<string, number>();
    const added = new Map<string, Task>();
    const slots = new Set<string>();
    const wrong: string[] = [];

    function boot(): Process {
      const process: Process = { scheduler: undefined as unknown as Scheduler, dead: false, works: new Set() };
      const execute = (task: Task, signal: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          const work: Work = {
            task,
            process,
            finish: (error) => {
              process.works.delete(work);
              if (error) reject(error);
              else resolve();
            },
          };
          process.works.add(work);
          // A process that is dead hears nothing.
          signal.addEventListener('abort', () => process.dead || work.finish(signal.reason as Error));
        });
      process.scheduler = createScheduler({
        store,
        clock,
        random,
        newId,
        limits,
        executors: { run: execute, cutover: execute, inventory: execute, retention: execute, verify: execute },
        goNoGo: async () => ({ go: true }),
        onEvent(event) {
          if (event.type === 'scheduler.error') wrong.push(String(event.error));
          if (event.type === 'task.done') completed.set(event.task.id, (completed.get(event.task.id) ?? 0) + 1);
          if (event.type !== 'task.added') return;
          added.set(event.task.id, event.task);
          if (event.task.scheduleId === undefined) return;
          const slot = `${event.task.scheduleId} ${event.task.plannedAt}`;
          if (slots.has(slot)) wrong.push(`planned twice: ${slot}`);
          slots.add(slot);
        },
      });
      return process;
    }

    let processes = [boot(), boot()];
    const graveyard: Process[] = [];
    for (let index = 0; index < jobs; index++) {
      const timing =
        index % 2 === 0
          ? ({ type: 'every', minutes: 20 + index * 10 } as const)
          : ({ type: 'cron', expression: '*/30 * * * *', zone: 'Europe/Berlin' } as const);
      await processes[0]!.scheduler.putSchedule(runSchedule(`job-${index}`, timing, { jitterMs: index * MINUTE }));
    }

    async function checkLeases(): Promise<void> {
      const leased = await store.tasks.list({ state: 'leased', limit: 1000 });
      expect(leased.length).toBeLessThanOrEqual(limits.total);
      expect(new Set(leased.map((task) => task.lane)).size).toBe(leased.length);
      for (const host of ['host:host-0', 'host:host-1']) {
        expect(leased.filter((task) => task.keys.includes(host)).length).toBeLessThanOrEqual(limits.perHost);
      }
    }

    const settled = () => new Promise((resolve) => setImmediate(resolve));
    for (let step = 0; step < 250; step++) {
      clock.advance(Math.floor(random() * 6 * MINUTE));
      if (chance(0.03)) clock.advance(Math.floor(random() * 10 * HOUR));
      if (chance(0.03)) clock.advance(-Math.floor(random() * 3 * HOUR));
      if (chance(0.1)) {
        await pick(processes)!.scheduler.enqueue({ kind: chance(0.5) ? 'run' : 'retention', jobId: `job-${Math.floor(random() * jobs)}` });
      }
      for (const process of processes) if (chance(0.8)) await process.scheduler.tick();
      await checkLeases();
      for (const process of [...processes, ...graveyard]) {
        // What a dead one still does must not count: its promises settle long after another took over.
        for (const work of [...process.works]) {
          if (!chance(process.dead ? 0.05 : 0.5)) continue;
          if (chance(0.2)) work.finish(new OctopusError('source.unreachable', 'Gone.', { retryable: chance(0.9) }));
          else work.finish();
        }
      }
      if (chance(0.05)) {
        const victim = pick(processes)!;
        victim.dead = true;
        graveyard.push(victim);
        processes = [...processes.filter((process) => process !== victim), boot()];
      }
      if (chance(0.02)) await processes[0]!.scheduler.cancel([...added.keys()].at(-1) ?? '').catch(() => {});
      await settled();
    }

    // Quiet at last: no more is planned, all that waits is worked off.
    for (const schedule of await store.schedules.list()) await store.schedules.put({ ...schedule, enabled: false });
    for (let round = 0; round < 400; round++) {
      clock.advance(5 * MINUTE);
      for (const process of processes) await process.scheduler.tick();
      for (const process of processes) for (const work of [...process.works]) work.finish();
      await settled();
      const { waiting, leased } = await store.tasks.countByState();
      if (waiting + leased === 0) break;
    }
    for (const process of graveyard) for (const work of [...process.works]) work.finish();
    await settled();
    for (const process of [...processes, ...graveyard]) await process.scheduler.idle();

    expect(wrong).toEqual([]);
    const stored = await store.tasks.list({ limit: 100_000 });
    const byId = new Map(stored.map((task) => [task.id, task]));
    expect([...added.keys()].filter((id) => !byId.has(id))).toEqual([]);
    expect(stored).toHaveLength(added.size);
    for (const task of stored) {
      expect(['done', 'failed', 'dead', 'cancelled']).toContain(task.state);
      expect(completed.get(task.id) ?? 0, `${task.id} ${task.state}`).toBe(task.state === 'done' ? 1 : 0);
    }
    expect(stored.filter((task) => task.state === 'done').length).toBeGreaterThan(50);
  },
);
