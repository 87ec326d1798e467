import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { Cutover, CutoverSettings } from '../domain/cutover.ts';
import type { Job, Removal } from '../domain/job.ts';
import { diskName } from '../domain/machine.ts';
import type { KeptPoint } from '../domain/recovery-point.ts';
import type { Run } from '../domain/run.ts';
import type { StoredMachine } from '../store/repositories/vms.ts';
import { createBandwidth } from './bandwidth.ts';
import { type ReplicationParts, type RunReport, replicaId } from './context.ts';
import { beginCutover, continueCutover, rollBackCutover } from './cutover.ts';
import { createLimiter } from './limiter.ts';
import { retrying } from './retry.ts';
import { createRunLife, type EarlierWork } from './run-life.ts';
import { sweepSnapshots } from './sweep.ts';
import { type VerifyProgress, verifyPoint } from './verify-point.ts';

/** What recover() did with something that an earlier process left. */
export type Recovered =
  | { what: 'run'; id: string; outcome: 'resumed' | 'unwound' | 'failed' | 'postponed'; message: string }
  | { what: 'cutover'; id: string; outcome: 'done' | 'rolled-back' | 'failed' | 'cancelled' | 'postponed'; message: string }
  | { what: 'snapshot'; id: string; outcome: 'removed' | 'postponed'; message: string };

export interface Replicator {
  /**
   * Call once at the start, before anything else: resumes or unwinds what an earlier process left, one after another, and sweeps own snapshots.
   * Where there is a queue, what was left takes its place in it instead (run, resume, cutover, sweep).
   */
  recover(signal?: AbortSignal): Promise<Recovered[]>;
  /**
   * Replicates the job's machine: full first, then incremental. Throws unless it was proven. `earlier`: an earlier process may have begun the
   * same work, whose run is gone on with instead of another one. Where something else goes on with the machine, it waits for its turn.
   */
  run(
    jobId: string,
    options?: { kind?: 'incremental' | 'reconcile' | 'final'; signal?: AbortSignal; earlier?: EarlierWork | undefined },
  ): Promise<RunReport>;
  /** Goes on with what an earlier process left of the job's runs; begins nothing. */
  resume(jobId: string, signal?: AbortSignal): Promise<void>;
  /**
   * Ends a run that an earlier process left as cancelled, its snapshot removed: at the end of another job's work on the machine, where some goes
   * on. Nothing where there is none.
   */
  giveUp(jobId: string): Promise<void>;
  /** Removes the snapshots that dead runs left, of machines that nothing is done with now. */
  sweep(signal?: AbortSignal): Promise<Recovered[]>;
  /** Removes recovery points beyond the job's number. `source.busy` while something goes on with the machine. */
  prune(jobId: string, signal?: AbortSignal): Promise<void>;
  /** Moves the machine for good. Throws after a rollback, which the error's message tells of. A job that was cut over answers that. */
  cutover(jobId: string, settings?: Partial<CutoverSettings>, signal?: AbortSignal): Promise<Cutover>;
  /** Reads a recovery point again, the newest unless given, and stores the outcome. `verify.mismatch` where it differs. */
  verify(jobId: string, options?: { pointId?: string | undefined; onProgress?: VerifyProgress; signal?: AbortSignal }): Promise<KeptPoint>;
  /** Forgets the job. `job.state` where replicas are to be removed that a machine runs from which is not to be stopped. */
  remove(jobId: string, what: Removal, signal?: AbortSignal): Promise<void>;
  /** Bytes a second of the job's runs together; 0: none. Counts at once. */
  limit(jobId: string, bytesPerSecond: number): void;
  /** The limit of all runs together (`tuning.limit`) has changed: what goes on is told at once. */
  retune(): void;
  /** Undoes the job's cutover: stops the machine at the target, powers the source on again. */
  rollback(jobId: string, signal?: AbortSignal): Promise<Cutover>;
}

export const defaultCutoverSettings: CutoverSettings = {
  preSync: true,
  shutdownDeadlineMs: 5 * 60_000,
  expectConsole: undefined,
  bootTimeoutMs: 5 * 60_000,
};

/** Milliseconds for removing what a run that was given up left: a consolidation takes its time. */
const SWEEP_DEADLINE = 10 * 60_000;

export function createReplicator(parts: ReplicationParts): Replicator {
  const { store, clock } = parts;
  const bandwidth = createBandwidth(() => parts.tuning.limit);
  const corridor = createRunLife(parts, bandwidth);
  const { jobOf, startRun, resumeRun, earlierRun, abandon, forsake } = corridor;
  /** The jobs whose machines are worked on now, by the machine's id. */
  const busy = new Map<string, string>();
  const turns = createLimiter({ perHost: 1, perDatastore: 1 });
  /** Machines that hold snapshots of runs which were given up while another one went on. */
  const unswept = new Set<string>();

  type Work<Result> = (known: { job: Job; machine: StoredMachine }) => Promise<Result>;

  /** One after another for each machine. */
  async function inTurn<Result>(jobId: string, signal: AbortSignal | undefined, work: Work<Result>): Promise<Result> {
    const { machine } = await jobOf(jobId);
    return holding(jobId, machine, turns.acquire([machine.id], signal), signal, work);
  }

  /** What is known of the job is read once it has its turn: it may have changed until then. */
  async function holding<Result>(
    jobId: string,
    machine: StoredMachine,
    turn: Promise<() => void>,
    signal: AbortSignal | undefined,
    work: Work<Result>,
  ): Promise<Result> {
    const release = await turn;
    busy.set(machine.id, jobId);
    try {
      return await work(await jobOf(jobId));
    } finally {
      if (!signal?.aborted && unswept.delete(machine.id)) {
        const deadline = AbortSignal.timeout(SWEEP_DEADLINE);
        await sweepMachine(machine, signal ? AbortSignal.any([signal, deadline]) : deadline).catch(() => []);
        // Octopus ends, or somebody waits for that: the next work on the machine sweeps it, or the next start.
        if (signal?.aborted) unswept.add(machine.id);
      }
      busy.delete(machine.id);
      release();
    }
  }

  /** Not at all where something goes on with the machine. */
  async function exclusively<Result>(jobId: string, work: Work<Result>): Promise<Result> {
    const { machine } = await jobOf(jobId);
    const leave = new AbortController();
    const turn = turns.acquire([machine.id], leave.signal);
    // In the same breath: whoever is not let in at once would wait for hours.
    leave.abort(new OctopusError('source.busy', 'The machine is being replicated already.', { retryable: true }));
    return holding(jobId, machine, turn, undefined, work);
  }

  async function recoverRun(run: Run, signal: AbortSignal): Promise<Recovered> {
    const recovered = (outcome: 'resumed' | 'unwound' | 'failed' | 'postponed', message: string): Recovered => ({
      what: 'run',
      id: run.id,
      outcome,
      message,
    });
    try {
      const report = await resumeRun(run, signal);
      if (report) return recovered('resumed', `An interrupted run was resumed and proven (recovery point ${report.point.id}).`);
      return recovered('unwound', `An interrupted run was unwound: ${run.error?.message}`);
    } catch (caught) {
      signal.throwIfAborted();
      const { message } = toOctopusError(caught);
      if (run.state === 'running') return recovered('postponed', `An interrupted run could not be looked at: ${message}`);
      return recovered('failed', `An interrupted run was resumed and failed: ${message}`);
    }
  }

  async function recoverCutover(cutover: Cutover, signal: AbortSignal): Promise<Recovered> {
    const recovered = (outcome: 'done' | 'rolled-back' | 'failed' | 'cancelled' | 'postponed', message: string): Recovered => ({
      what: 'cutover',
      id: cutover.id,
      outcome,
      message,
    });
    try {
      const ended = await continueCutover(parts, corridor, cutover, signal);
      if (ended.state === 'done')
        return recovered('done', `An interrupted cutover was finished: the machine runs at the target (${ended.where}).`);
      return recovered('rolled-back', `An interrupted rollback was finished: ${ended.undone.join(' ')}`);
    } catch (caught) {
      const { message } = toOctopusError(caught);
      if (cutover.state === 'rolled-back' || cutover.state === 'failed' || cutover.state === 'cancelled')
        return recovered(cutover.state, message);
      return recovered('postponed', `An interrupted cutover could not be continued: ${message}`);
    }
  }

  async function sweepMachine(machine: StoredMachine, signal: AbortSignal): Promise<Recovered[]> {
    const { ref, name } = machine.inventory;
    try {
      const source = await parts.source(machine.sourceEnvironmentId, signal);
      const removed = await retrying(parts, signal, (either) => sweepSnapshots(source, store, ref, either));
      return removed.map((id) => ({
        what: 'snapshot',
        id,
        outcome: 'removed',
        message: `The snapshot ${id} was left on ${name}: removed.`,
      }));
    } catch (caught) {
      signal.throwIfAborted();
      const error = toOctopusError(caught);
      if (error.code === 'source.missing') return [];
      return [{ what: 'snapshot', id: name, outcome: 'postponed', message: `${name} could not be swept: ${error.message}` }];
    }
  }

  async function refuseInCutover(jobId: string, machine: StoredMachine): Promise<void> {
    if ((await store.cutovers.unfinished()).some((cutover) => cutover.jobId === jobId)) {
      throw new OctopusError('source.busy', `A cutover of ${machine.inventory.name} was interrupted and has to be finished first.`);
    }
  }

  /** It may have waited while another migration moved the machine: a second copy of it must not start from what it was then. */
  async function refuseSplit(job: Job, machine: StoredMachine): Promise<void> {
    const others = (await store.jobs.list()).filter(({ id, machineId }) => id !== job.id && machineId === machine.id);
    // It may run at that one's target by now, or will once it goes on.
    for (const { id } of others) await refuseInCutover(id, machine);
    if (!others.some(({ state }) => state === 'cut-over')) return;
    const why = `${machine.inventory.name} was cut over by another migration and runs at its target`;
    throw new OctopusError('job.state', `${why}: roll that back before cutting it over anew.`);
  }

  return {
    async recover(signal = new AbortController().signal) {
      const recovered: Recovered[] = [];
      const cutovers = await store.cutovers.unfinished();
      const ofCutovers = new Set(cutovers.map(({ finalRunId }) => finalRunId));
      for (const run of await store.runs.unfinished()) {
        // The final run of a cutover is the cutover's to continue.
        if (!ofCutovers.has(run.id)) recovered.push(await recoverRun(run, signal));
      }
      for (const cutover of cutovers) recovered.push(await recoverCutover(cutover, signal));
      for (const machine of await store.machines.list()) recovered.push(...(await sweepMachine(machine, signal)));
      return recovered;
    },
    async run(jobId, { kind = 'incremental', signal = new AbortController().signal, earlier } = {}) {
      return inTurn(jobId, signal, async ({ job, machine }) => {
        refuseCutOver(job, machine);
        await refuseInCutover(jobId, machine);
        const before = earlier && (await earlierRun(jobId, kind, earlier, signal));
        return before ?? startRun(jobId, kind, parts.newId(), signal);
      });
    },
    async resume(jobId, signal = new AbortController().signal) {
      await inTurn(jobId, signal, async ({ machine }) => {
        await refuseInCutover(jobId, machine);
        await earlierRun(jobId, 'incremental', { since: '', done: false }, signal);
      });
    },
    async giveUp(jobId) {
      const { machine } = await jobOf(jobId);
      await refuseInCutover(jobId, machine);
      const left = (await store.runs.unfinished()).filter((run) => run.jobId === jobId);
      const alone = exclusively(jobId, async () => {
        for (const run of left) await abandon(run);
      });
      await alone.catch(async (error: unknown) => {
        if (toOctopusError(error).code !== 'source.busy' || busy.get(machine.id) === jobId) throw error;
        // The other one may take hours, and its source must not be touched meanwhile.
        if (left.length > 0) unswept.add(machine.id);
        for (const run of left) await forsake(run);
      });
    },
    async sweep(signal = new AbortController().signal) {
      const bySource = Map.groupBy(await store.machines.list(), ({ sourceEnvironmentId }) => sourceEnvironmentId);
      // A source that does not answer keeps no other waiting.
      const swept = [...bySource.values()].map(async (machines) => {
        const recovered: Recovered[] = [];
        for (const machine of machines) {
          // Its run sweeps it by itself.
          if (!busy.has(machine.id)) recovered.push(...(await sweepMachine(machine, signal)));
        }
        return recovered;
      });
      return (await Promise.all(swept)).flat();
    },
    async prune(jobId, signal = new AbortController().signal) {
      await exclusively(jobId, async ({ job, machine }) => {
        const target = await parts.target(job.targetEnvironmentId, signal);
        const removed = await target.prune(replicaId(machine), job.settings.keep, signal);
        await store.recoveryPoints.markRemoved(removed, clock.now().toISOString());
      });
    },
    async cutover(jobId, settings = {}, signal = new AbortController().signal) {
      return inTurn(jobId, signal, async ({ job, machine }) => {
        const [last] = await store.cutovers.ofJob(jobId);
        if (job.state === 'cut-over' && last) return last;
        if (last && (last.state === 'running' || last.state === 'rolling-back')) return continueCutover(parts, corridor, last, signal);
        await refuseSplit(job, machine);
        const cutover: Cutover = {
          id: parts.newId(),
          jobId,
          state: 'running',
          phase: 'pre-sync',
          settings: { ...defaultCutoverSettings, ...settings },
          sourceWasOn: undefined,
          poweredOff: undefined,
          finalRunId: undefined,
          startAttempted: false,
          handle: undefined,
          where: undefined,
          undone: [],
          error: undefined,
          startedAt: clock.now().toISOString(),
          endedAt: undefined,
        };
        return beginCutover(parts, corridor, cutover, signal);
      });
    },
    async verify(jobId, { pointId, onProgress = () => {}, signal = new AbortController().signal } = {}) {
      // A run would prune points, and may be writing this one just now.
      return inTurn(jobId, signal, async ({ job, machine }) => {
        const points = await store.recoveryPoints.ofJob(jobId);
        const point = pointId === undefined ? points[0] : points.find(({ id }) => id === pointId);
        if (!point)
          throw new OctopusError('not.found', `${machine.inventory.name} has no ${pointId === undefined ? '' : 'such '}recovery point.`);
        const target = await parts.target(job.targetEnvironmentId, signal);
        const nameOf = (key: number) => diskName(machine.inventory.disks, key);
        const mismatch = await verifyPoint({ ...parts, target }, replicaId(machine), nameOf, point, onProgress, signal);
        const rereadAt = clock.now().toISOString();
        await store.recoveryPoints.setReread(point.id, rereadAt, mismatch);
        parts.onEvent({ type: 'point-verified', jobId, pointId: point.id, mismatch });
        if (mismatch === undefined) return { ...point, rereadAt, mismatch };
        throw new OctopusError('verify.mismatch', `The recovery point of ${point.takenAt} is not what was copied. ${mismatch}`);
      });
    },
    async remove(jobId, { replicas, running }, signal = new AbortController().signal) {
      await exclusively(jobId, async ({ job, machine }) => {
        await refuseInCutover(jobId, machine);
        const id = replicaId(machine);
        if (replicas === 'remove' || running === 'stop') {
          const target = await parts.target(job.targetEnvironmentId, signal);
          const started = await target.started(id, signal);
          if (running === 'stop') for (const handle of started) await target.stop(id, handle, signal);
          else if (started.length > 0 || job.state === 'cut-over') {
            const runs = `${machine.inventory.name} runs at the target from its replica`;
            throw new OctopusError('job.state', `${runs}: roll the cutover back, ask for it to be stopped, or keep the replicas.`);
          }
          if (replicas === 'remove') await target.remove(id, signal);
        }
        await store.jobs.remove(jobId);
        bandwidth.set(jobId, undefined);
      });
    },
    limit: (jobId, bytesPerSecond) => bandwidth.set(jobId, bytesPerSecond),
    retune: () => bandwidth.retune(),
    async rollback(jobId, signal = new AbortController().signal) {
      return exclusively(jobId, async ({ machine }) => {
        const [last] = await store.cutovers.ofJob(jobId);
        if (last?.state !== 'done') {
          throw new OctopusError('job.state', `${machine.inventory.name} is not cut over, so there is nothing to roll back.`);
        }
        return rollBackCutover(parts, corridor, last, signal);
      });
    },
  };
}

function refuseCutOver(job: Job, machine: StoredMachine): void {
  if (job.state !== 'cut-over') return;
  throw new OctopusError(
    'job.state',
    `${machine.inventory.name} was cut over and runs at the target: roll that back before replicating it again.`,
  );
}
