import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import { isProven, type Run, type RunPhase, runPhases } from '../domain/run.ts';
import { commitPoint } from './commit-point.ts';
import { type RunContext, replicaId, snapshotName, trackingSuffix } from './context.ts';
import { note, planDisks } from './plan-disks.ts';
import { prepareReplica } from './prepare-replica.ts';
import { retrying } from './retry.ts';
import { settleCounts } from './run-counts.ts';
import { removeOwnSnapshots, sweepSnapshots } from './sweep.ts';
import { transferDisks } from './transfer-disks.ts';
import { verifyDisks } from './verify-disks.ts';

/** Milliseconds for removing a snapshot after a run was cancelled or failed: a consolidation takes its time. */
const CLEANUP_DEADLINE = 10 * 60_000;

const steps: Record<RunPhase, (c: RunContext) => Promise<void>> = {
  tracking: prepareTracking,
  snapshot: takeSnapshot,
  changes: planDisks,
  replica: prepareReplica,
  transfer: transferDisks,
  verify: verifyDisks,
  commit: commitPoint,
  cleanup: removeSnapshot,
  prune: prunePoints,
};

/**
 * Walks a run through its phases from the stored one on; each is entered in the database before it begins, and each may be repeated.
 * Answers the run when it is proven. Otherwise its snapshot is removed, the run is stored as failed or cancelled, and the error thrown; where
 * the signal's reason is `server.stopping` it is left for the next start.
 */
export async function performRun(c: RunContext): Promise<Run> {
  try {
    for (const phase of runPhases.slice(runPhases.indexOf(c.run.phase))) {
      if (!isProven(phase)) c.signal.throwIfAborted();
      c.run.phase = phase;
      await c.store.runs.enterPhase(c.run.id, phase, c.clock.now().toISOString());
      c.onEvent({ type: 'phase', runId: c.run.id, phase });
      await c.crashpoint(`${phase}:entered`);
      await steps[phase](c);
      await c.crashpoint(`${phase}:done`);
    }
    return await end(c, 'succeeded');
  } catch (caught) {
    await settleCounts(c.store, c.run, c.disks);
    if (staysInterrupted(c)) {
      await c.store.runs.save(c.run);
      throw new OctopusError('server.stopping', 'The run stopped at a checkpoint and goes on from there.', {
        retryable: true,
        cause: caught,
      });
    }
    const error = c.signal.aborted ? new OctopusError('operation.cancelled', endedBy(c), { cause: caught }) : toOctopusError(caught);
    c.run.error = { code: wasStopped(c) ? 'server.stopping' : error.code, message: error.message };
    await removeSnapshot(c);
    await end(c, c.signal.aborted ? 'cancelled' : 'failed');
    throw error;
  }
}

/** Nobody cancelled it where Octopus was stopped. */
function wasStopped({ signal }: RunContext): boolean {
  return signal.aborted && toOctopusError(signal.reason).code === 'server.stopping';
}

function endedBy(c: RunContext): string {
  return `The run was ${wasStopped(c) ? 'interrupted by the end of Octopus' : 'cancelled'}; the last recovery point is as it was.`;
}

/**
 * Octopus ends, the run does not: as after a crash the next start goes on with it, on its snapshot. Without one there is nothing to keep;
 * and a cutover that is left is undone at once, the source powered on again: its last run is of no use then.
 */
function staysInterrupted(c: RunContext): boolean {
  return wasStopped(c) && c.snapshot !== undefined && c.run.kind !== 'final';
}

async function prepareTracking(c: RunContext): Promise<void> {
  const { ref } = c.machine.inventory;
  await retrying(c, c.signal, (signal) => sweepSnapshots(c.sourceProvider, c.store, ref, signal));
  const name = `${snapshotName(c.run.id)}${trackingSuffix}`;
  const answer = await retrying(c, c.signal, (signal) => c.sourceProvider.prepareTracking(ref, name, signal));
  c.run.trackingDoubt = answer.tracked ? undefined : (answer.doubt ?? 'The machine cannot be tracked.');
  await c.store.runs.save(c.run);
  if (answer.tracked) await rememberTracking(c);
}

/** The inventory is read now and then; until then it would say that tracking is off. Only this of it is known anew. */
async function rememberTracking({ store, machine }: RunContext): Promise<void> {
  const known = await store.machines.find(machine.id);
  if (!known || known.inventory.changeTracking) return;
  await store.machines.put({ ...known, inventory: { ...known.inventory, changeTracking: true } });
}

async function takeSnapshot(c: RunContext): Promise<void> {
  const { ref, name } = c.machine.inventory;
  // Stored before it is taken: a resumed run must not claim a later moment than the true one.
  c.run.snapshotTakenAt ??= c.clock.now().toISOString();
  await c.store.runs.save(c.run);
  const options = { quiesce: c.job.settings.quiesce && c.run.kind !== 'final' };
  c.snapshot = await retrying(c, c.signal, (signal) => c.sourceProvider.createSnapshot(ref, snapshotName(c.run.id), options, signal));
  await c.crashpoint('snapshot:taken');
  c.run.snapshotRef = c.snapshot.ref;
  await c.store.runs.save(c.run);
  if (c.run.kind === 'final' && c.snapshot.powerState !== 'off') {
    throw new OctopusError('source.busy', `${name} was powered on again before its final run: a cutover would lose what it writes.`);
  }
}

/** Phase `cleanup`, and the last thing a failed run does. What cannot be removed now is swept at the next start, and said. */
async function removeSnapshot(c: RunContext): Promise<void> {
  // A cancelled run cleans up as well.
  const signal = AbortSignal.timeout(CLEANUP_DEADLINE);
  const retry = c.run.error ? { ...c.retry, attempts: 3 } : c.retry;
  try {
    await retrying({ clock: c.clock, retry, renew: c.renew, outage: c.outage }, signal, (either) =>
      removeOwnSnapshots(c.sourceProvider, c.machine.inventory.ref, c.run.id, either),
    );
  } catch (caught) {
    note(
      c,
      `The snapshot ${snapshotName(c.run.id)} could not be removed and is swept at the next start: ${toOctopusError(caught).message}`,
    );
  }
}

async function prunePoints(c: RunContext): Promise<void> {
  try {
    const removed = await c.targetProvider.prune(replicaId(c.machine), c.job.settings.keep);
    await c.store.recoveryPoints.markRemoved(removed, c.clock.now().toISOString());
  } catch (caught) {
    note(c, `Old recovery points could not be removed: ${toOctopusError(caught).message}`);
  }
}

async function end(c: RunContext, state: 'succeeded' | 'failed' | 'cancelled'): Promise<Run> {
  const at = c.clock.now().toISOString();
  c.run.state = state;
  c.run.endedAt = at;
  await c.store.runs.save(c.run);
  await c.store.runs.enterPhase(c.run.id, undefined, at);
  const message = state === 'succeeded' ? `${c.machine.inventory.name} was replicated (${c.run.kind}).` : (c.run.error?.message ?? '');
  await c.store.activity.add({ at, action: `run.${state}`, subject: c.job.id, message });
  c.onEvent({ type: 'ended', run: c.run });
  return c.run;
}
