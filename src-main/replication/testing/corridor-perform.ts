import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { TransferPool } from '../../../workers/pool.ts';
import { checkCounts, checkNothingHalfMade, checkPoint, ownSnapshots } from './corridor-check.ts';
import { type Life, startLife } from './corridor-life.ts';
import type { Interruption, RunStep, Schedule, WorldEvent } from './corridor-schedule.ts';
import { type CorridorWorld, startCorridorWorld } from './corridor-world.ts';

/** How often what happened: shows that the schedules reach everything. */
export type Tally = Map<string, number>;

/** Errors that no schedule may lead to: they are defects of ours, whatever the world does. */
const defects = new Set(['internal.unexpected', 'manifest.invalid', 'verify.mismatch', 'store.corrupt', 'argument.invalid']);
/** Meanwhile-events that a run has to live with. */
const harmless = new Set<WorldEvent['what']>(['write', 'power-loss', 'power-off', 'power-on', 'reset', 'suspend', 'session-lost']);

/** Plays a schedule, and checks after each step that what Octopus says is true. */
export async function performSchedule(schedule: Schedule, pool: TransferPool, tally: Tally): Promise<void> {
  const folder = await mkdtemp(join(await quickFolder(), 'octopus-corridor-'));
  let world: CorridorWorld | undefined;
  let life: Life | undefined;
  const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1);
  try {
    const target = join(folder, 'target');
    await mkdir(target);
    const w = await startCorridorWorld(schedule);
    world = w;
    const { machine } = w;
    const points = join(target, machine.instanceUuid, 'points');
    const reopen = async (interruption?: Interruption): Promise<Life> => {
      await life?.end();
      life = undefined;
      life = await startLife(schedule, w, pool, join(folder, 'state'), interruption);
      return life;
    };

    w.lab.world.faults.pause();
    let alive = await reopen();
    const { url, username, password, thumbprint } = w.lab;
    const source = await alive.octopus.addSource({ url, username, password, thumbprint });
    const environment = await alive.octopus.addLocalTarget(target);
    const job = await alive.octopus.addJob(source.id, 'web', environment.id, schedule.settings);
    w.lab.world.faults.resume();

    /** What must be true at any time at which no run is under way. */
    const checkRest = async (): Promise<void> => {
      const { store } = alive.octopus;
      const newest = await store.recoveryPoints.newest(job.id);
      const listed = await (await alive.octopus.target(environment.id)).recoveryPoints(machine.instanceUuid);
      const wanted = new Map([...(newest ? [newest] : []), ...listed.slice(0, 1)].map((point) => [point.id, point]));
      for (const point of wanted.values()) {
        const run = await store.runs.find(point.runId);
        const truth = w.truths.get(run?.snapshotRef ?? '');
        assert.ok(truth, `point ${point.id} is of a snapshot that was taken`);
        await checkPoint(points, point, truth.disks);
      }
      for (const ref of w.foreign) assert.ok(machine.snapshots.has(ref), `the foreign snapshot ${ref} is untouched`);
      assert.equal(machine.powerState, w.expectedPower(), 'the power state is untouched');
      const known = new Set((await store.recoveryPoints.ofJob(job.id)).map(({ runId }) => `octopus-${runId}`));
      const unfinished = new Set((await store.runs.unfinished()).map(({ id }) => `octopus-${id}`));
      for (const [ref, { name }] of w.truths) if (!known.has(name) && !unfinished.has(name)) w.truths.delete(ref);
    };

    /** Of a run that says it succeeded. */
    const checkSuccess = async (runId: string): Promise<void> => {
      const { store } = alive.octopus;
      const run = (await store.runs.find(runId))!;
      assert.equal(run.state, 'succeeded');
      const newest = await store.recoveryPoints.newest(job.id);
      assert.equal(newest?.runId, runId, 'the newest recovery point is of the run that succeeded');
      checkCounts(run, await store.runDisks.ofRun(runId));
      const left = ownSnapshots(w);
      const excused = w.late() > 0 || run.notes.some((note) => note.includes('is swept at the next start'));
      if (!excused) assert.deepEqual(left, [], 'no snapshot of ours remains');
      await checkNothingHalfMade(points);
      const count_ = (await (await alive.octopus.target(environment.id)).recoveryPoints(machine.instanceUuid)).length;
      assert.ok(count_ <= schedule.settings.keep, `${count_} recovery points are kept, not ${schedule.settings.keep}`);
      count(run.kind);
      if (run.resumes > 0) count('resumed');
    };

    const checkFailure = (error: unknown, before: string | undefined, after: string | undefined): void => {
      assert.ok(error instanceof OctopusError, `an OctopusError, not ${String((error as Error)?.stack ?? error)}`);
      if (defects.has(error.code))
        throw new assert.AssertionError({
          message: `${error.code}: ${error.message}\n${error.stack}\n${String((error.cause as Error)?.stack ?? '')}`,
        });
      assert.equal(after, before, `the last recovery point stays after ${error.code}`);
      count(`failed: ${error.code}`);
    };

    const newestId = async () => (await alive.octopus.store.recoveryPoints.newest(job.id))?.id;

    /** A process after a killed one. */
    const recover = async (step: RunStep): Promise<void> => {
      for (const interruption of [step.killedAgain, undefined]) {
        if (interruption !== step.killedAgain) alive = await reopen(interruption);
        else alive = await reopen(step.killedAgain);
        const recovered = await alive.live(alive.octopus.replicator.recover());
        if (recovered === 'killed') {
          count('killed while recovering');
          continue;
        }
        for (const { what, outcome, id, message } of recovered) {
          count(`recovered: ${what} ${outcome}`);
          const run = what === 'run' ? await alive.octopus.store.runs.find(id) : undefined;
          if (outcome === 'resumed') await checkSuccess(id);
          if (run?.error !== undefined && defects.has(run.error.code)) assert.fail(`${run.error.code}: ${message}`);
        }
        return;
      }
    };

    const performRun = async (step: RunStep): Promise<void> => {
      const before = { point: await newestId(), injected: w.injected(), foreign: w.foreign.size };
      if (step.interruption !== undefined && step.interruption.how !== 'cancel') alive = await reopen(step.interruption);
      const cancel = new AbortController();
      const happening: Promise<void>[] = [];
      w.onCall((call) => {
        for (const each of step.meanwhile) {
          if (each.call !== call) continue;
          // Before our snapshot is taken its consolidation might go unnoticed by any client: between the last look and the snapshot.
          if (each.event.what === 'foreign-removed' && ownSnapshots(w).length === 0) continue;
          happening.push(w.happen(each.event));
        }
        if (step.interruption?.how === 'cancel' && step.interruption.call === call) cancel.abort();
      });
      const wasOff = machine.powerState === 'poweredOff';
      const { kind } = step;
      let outcome: 'succeeded' | 'failed' | 'killed';
      try {
        const report = await alive.live(alive.octopus.replicator.run(job.id, { kind, signal: cancel.signal }));
        w.onCall(undefined);
        await Promise.all(happening);
        outcome = report === 'killed' ? 'killed' : 'succeeded';
        if (report !== 'killed') {
          await checkSuccess(report.run.id);
          if (kind === 'reconcile') assert.notEqual(report.run.kind, 'incremental');
          if (kind === 'final') assert.equal(report.run.kind, 'final');
        }
      } catch (error) {
        w.onCall(undefined);
        await Promise.all(happening);
        if (error instanceof assert.AssertionError) throw error;
        outcome = 'failed';
        checkFailure(error, before.point, await newestId());
        const undisturbed = w.injected() === before.injected && before.foreign === 0 && w.late() === 0 && step.interruption === undefined;
        const possible = (kind !== 'final' || wasOff) && step.meanwhile.every(({ event }) => harmless.has(event.what));
        const power = step.meanwhile.some(({ event }) => event.what === 'power-on');
        if (undisturbed && possible && !(kind === 'final' && power)) throw error;
      }
      count(`run ${outcome}`);
      if (outcome === 'killed') {
        for (const event of step.dead) await w.happen(event);
        await recover(step);
      }
      await checkRest();
    };

    for (const step of schedule.steps) {
      if (step.what === 'run') await performRun(step);
      else await w.happen(step);
    }

    // Whatever happened: in a world that is whole again it all ends well.
    await w.settle();
    while (w.foreign.size > 0) await w.happen({ what: 'foreign-removed', index: 0 });
    await w.settle();
    alive = await reopen();
    await alive.octopus.replicator.recover();
    assert.deepEqual(ownSnapshots(w), [], 'no snapshot of ours remains after the next start');
    await checkRest();
    const last = await alive.octopus.replicator.run(job.id);
    await checkSuccess(last.run.id);
    await checkRest();
    assert.deepEqual([...machine.snapshots.values()], [], 'no snapshot remains in the end');
  } finally {
    await life?.end();
    await world?.lab.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A folder in memory where there is room for one: what is flushed is still ordered, but costs nothing. */
async function quickFolder(): Promise<string> {
  const memory = '/dev/shm';
  const room = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return room > 2 ** 30 ? memory : tmpdir();
}
