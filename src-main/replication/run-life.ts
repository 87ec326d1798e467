import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import { isAnotherMachine, takenBy } from '../domain/another-machine.ts';
import type { Job } from '../domain/job.ts';
import { isProven, noCounts, type Run } from '../domain/run.ts';
import type { StoredMachine } from '../store/repositories/vms.ts';
import type { Bandwidth } from './bandwidth.ts';
import { type ReplicationParts, type RunContext, type RunReport, snapshotName } from './context.ts';
import { createOutage } from './outage.ts';
import { retrying } from './retry.ts';
import { performRun } from './run.ts';
import { settleCounts } from './run-counts.ts';

/** A run that crashed its process this often is unwound instead of resumed once more. */
const MOST_RESUMES = 20;
const GIVEN_UP = 'The run was cancelled; the last recovery point is as it was.';

export interface EarlierWork {
  /** ISO 8601. Runs that began before are somebody else's: they are ended first, and another one follows. */
  since: string;
  /** It may have been done, and only its end not been told: a run of that kind that was proven since then is the answer. */
  done: boolean;
}

/** Runs from their beginning to their end, whichever process they began in. Callers see to it that a machine has one at a time. */
export interface RunLife {
  /** `argument.invalid` where there is no such job. */
  jobOf(jobId: string): Promise<{ job: Job; machine: StoredMachine }>;
  /** A run from its beginning. Its id may be given, so that a cutover knows it before it exists. */
  startRun(jobId: string, kind: 'incremental' | 'reconcile' | 'final', id: string, signal: AbortSignal): Promise<RunReport>;
  /** Goes on with an interrupted run on its snapshot, or unwinds it where that is gone. Undefined: unwound. */
  resumeRun(run: Run, signal: AbortSignal): Promise<RunReport | undefined>;
  /** The run in which an earlier process did the same work, ended now if it was not. */
  earlierRun(jobId: string, kind: string, earlier: EarlierWork, signal: AbortSignal): Promise<RunReport | undefined>;
  /** Somebody does not want it to go on. Its snapshot is swept later where the source cannot be asked now. */
  abandon(run: Run): Promise<void>;
  /** The same, where its snapshot has to stay for now. */
  forsake(run: Run): Promise<void>;
}

export function createRunLife(parts: ReplicationParts, bandwidth: Bandwidth): RunLife {
  const { store, clock } = parts;

  async function jobOf(jobId: string): Promise<{ job: Job; machine: StoredMachine }> {
    const job = await store.jobs.find(jobId);
    const machine = job && (await store.machines.find(job.machineId));
    if (!job || !machine) throw new OctopusError('argument.invalid', `There is no job ${jobId}.`, { field: 'job' });
    return { job, machine };
  }

  async function contextOf(run: Run, job: Job, machine: StoredMachine, signal: AbortSignal): Promise<RunContext> {
    const sourceProvider = await parts.source(machine.sourceEnvironmentId, signal);
    const targetProvider = await parts.target(job.targetEnvironmentId, signal);
    const disks = await store.runDisks.ofRun(run.id);
    bandwidth.begin(job.id, job.settings.bandwidthLimit);
    const outage = createOutage(() => run.id, parts.onEvent);
    const c: RunContext = {
      ...{ ...parts, bandwidth, job, run, machine, sourceProvider, targetProvider, outage, signal, snapshot: undefined, disks },
      async renew() {
        c.sourceProvider = await parts.source(machine.sourceEnvironmentId, signal).catch(() => c.sourceProvider);
      },
    };
    return c;
  }

  async function reportOf(c: RunContext): Promise<RunReport> {
    const points = await store.recoveryPoints.ofJob(c.job.id);
    const point = points.find(({ id }) => id === c.run.recoveryPointId);
    if (!point) throw new OctopusError('internal.unexpected', `Run ${c.run.id} ended without its recovery point.`);
    return { run: c.run, disks: c.disks, point };
  }

  async function startRun(jobId: string, kind: 'incremental' | 'reconcile' | 'final', id: string, signal: AbortSignal): Promise<RunReport> {
    const { job, machine: stored } = await jobOf(jobId);
    await endInterrupted(jobId, signal);
    const source = await parts.source(stored.sourceEnvironmentId, signal);
    const inventory = await retrying(parts, signal, (either) => source.machine(stored.inventory.ref, either));
    if (inventory.instanceUuid !== stored.inventory.instanceUuid) {
      throw new OctopusError('source.missing', `${stored.inventory.name} is no longer there: its place is taken by ${inventory.name}.`);
    }
    // The replica is the other one's, and so are its recovery points.
    if (isAnotherMachine(stored.inventory, inventory)) throw new OctopusError('source.missing', takenBy(stored.inventory, inventory));
    const machine = await store.machines.put({ ...stored, inventory, seenAt: clock.now().toISOString() });
    const run: Run = {
      id,
      jobId,
      kind,
      state: 'running',
      phase: 'tracking',
      resumes: 0,
      snapshotRef: undefined,
      snapshotTakenAt: undefined,
      trackingDoubt: undefined,
      notes: [],
      counts: noCounts,
      reconnects: 0,
      recoveryPointId: parts.newId(),
      error: undefined,
      startedAt: clock.now().toISOString(),
      endedAt: undefined,
    };
    const c = await contextOf(run, job, machine, signal);
    await store.runs.add(run);
    parts.onEvent({ type: 'run', runId: id, jobId, machine: inventory.name, resumed: false });
    await performRun(c);
    return reportOf(c);
  }

  /** A run that recover() had to postpone comes first: two runs must not share a replica. */
  async function endInterrupted(jobId: string, signal: AbortSignal): Promise<void> {
    for (const run of await store.runs.unfinished()) {
      if (run.jobId !== jobId) continue;
      await resumeRun(run, signal).catch((error: unknown) => {
        if (run.state === 'running') throw error;
      });
    }
  }

  async function earlierRun(
    jobId: string,
    kind: string,
    { since, done }: EarlierWork,
    signal: AbortSignal,
  ): Promise<RunReport | undefined> {
    for (const run of await store.runs.unfinished()) {
      if (run.jobId !== jobId) continue;
      const report = await resumeRun(run, signal);
      if (report && run.startedAt >= since) return report;
    }
    if (!done) return undefined;
    const [run] = await store.runs.pageOfJob(jobId, 1);
    if (run?.state !== 'succeeded' || run.startedAt < since || (kind === 'reconcile' && run.kind === 'incremental')) return undefined;
    const point = (await store.recoveryPoints.ofJob(jobId)).find(({ id }) => id === run.recoveryPointId);
    return point && { run, disks: await store.runDisks.ofRun(run.id), point };
  }

  async function resumeRun(run: Run, signal: AbortSignal): Promise<RunReport | undefined> {
    const { job, machine } = await jobOf(run.jobId);
    const c = await contextOf(run, job, machine, signal);
    const { ref, name } = machine.inventory;
    if (!isProven(run.phase)) {
      let gone = 'its snapshot is not there any more';
      c.snapshot = await retrying(c, signal, async (either) => {
        try {
          return await c.sourceProvider.findSnapshot(ref, snapshotName(run.id), either);
        } catch (error) {
          const { code, message } = toOctopusError(error);
          // Without its machine, or what it read of it, a run cannot go on.
          if (code !== 'source.missing') throw error;
          gone = `it cannot go on: ${message.replace(/\.$/, '')}`;
          return undefined;
        }
      });
      if (!c.snapshot || run.resumes >= MOST_RESUMES) {
        await unwind(
          run,
          c.snapshot
            ? 'It was interrupted too often.'
            : `Octopus ended while it went on, and ${gone}. The next run compares what is at the target.`,
        );
        return undefined;
      }
    }
    run.resumes++;
    // All of it was durable before: nothing of it is sent any more.
    if (run.phase === 'commit') for (const disk of c.disks) disk.counts = { ...disk.counts, resumed: disk.counts.read };
    // The replica is looked at again, in case someone touched it in between. What the journal settled stays settled.
    if (run.phase === 'transfer' || run.phase === 'verify') run.phase = 'replica';
    await store.runs.save(run);
    parts.onEvent({ type: 'run', runId: run.id, jobId: run.jobId, machine: name, resumed: true });
    await performRun(c);
    return reportOf(c);
  }

  async function unwind(run: Run, why: string, state: 'failed' | 'cancelled' = 'failed'): Promise<void> {
    const at = clock.now().toISOString();
    await settleCounts(store, run, await store.runDisks.ofRun(run.id));
    run.state = state;
    run.error = { code: state === 'failed' ? 'server.stopping' : 'operation.cancelled', message: why };
    run.endedAt = at;
    await store.runs.save(run);
    await store.runs.enterPhase(run.id, undefined, at);
    await store.activity.add({ at, action: state === 'failed' ? 'run.unwound' : 'run.cancelled', subject: run.jobId, message: why });
    parts.onEvent({ type: 'ended', run });
  }

  const forsake = (run: Run) => unwind(run, GIVEN_UP, 'cancelled');

  async function abandon(run: Run): Promise<void> {
    const { job, machine } = await jobOf(run.jobId);
    const abort = new AbortController();
    try {
      const c = await contextOf(run, job, machine, abort.signal);
      abort.abort(new OctopusError('operation.cancelled', GIVEN_UP));
      await performRun(c);
    } catch (caught) {
      if (run.state === 'running') await forsake(run);
      else if (toOctopusError(caught).code !== 'operation.cancelled') throw caught;
    }
  }

  return { jobOf, startRun, resumeRun, earlierRun, abandon, forsake };
}
