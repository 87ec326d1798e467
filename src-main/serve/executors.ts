import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { EnvironmentService } from '../api/services.ts';
import { acceptsLeftOut } from '../domain/schedule.ts';
import type { Task } from '../domain/task.ts';
import type { Octopus } from '../octopus.ts';
import { howToStop } from '../replication/cutover.ts';
import type { GoNoGo, SchedulerParts } from '../scheduler/scheduler.ts';
import { isQueued, requestOf } from './operation-task.ts';
import type { Operations } from './operations.ts';

/** What the scheduler's tasks do. */
export function createExecutors(parts: {
  octopus: Octopus;
  operations: Operations;
  environments: EnvironmentService;
}): SchedulerParts['executors'] {
  const { octopus, operations, environments } = parts;
  return {
    async run(task, signal) {
      if (!isQueued(task)) {
        const job = await jobOf(octopus, task);
        // A paused migration's schedules do nothing; people still can. What was begun before is ended, so that its snapshot goes.
        if (job.paused && (await isInterrupted(octopus, job.id))) return operations.perform(task, requestOf(task), signal, 'resume');
        if (job.paused) return;
        // It fell due during a cutover, and waited for its end.
        if (job.state === 'cut-over' || (await octopus.store.cutovers.unfinished()).some(({ jobId }) => jobId === job.id)) return;
      }
      await operations.perform(task, requestOf(task), signal);
    },
    async cutover(task, signal) {
      const [last] = await octopus.store.cutovers.ofJob(jobIdOf(task));
      // Octopus stopped or crashed in it, and it was undone: nobody expects the machine to go down once more by itself.
      if (isQueued(task) && last && last.startedAt >= task.createdAt && (last.state === 'rolled-back' || last.state === 'failed')) {
        throw new OctopusError('job.state', `The cutover was interrupted and undone: begin it anew. ${last.error?.message ?? ''}`.trim());
      }
      await operations.perform(task, requestOf(task), signal);
    },
    verify: (task, signal) => operations.perform(task, requestOf(task), signal),
    async inventory(task, signal) {
      const all = task.sourceId === undefined ? (await octopus.store.sources.list()).map(({ id }) => id) : [task.sourceId];
      const failures: unknown[] = [];
      // One that does not answer keeps nobody from reading the others.
      for (const id of all) await environments.syncSource(id, signal).catch((error) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    },
    /** Each run prunes at its end; this is for what a run could not, and for settings that were changed since. */
    async retention(task, signal) {
      const jobs = task.jobId === undefined ? await octopus.store.jobs.list() : [await jobOf(octopus, task)];
      for (const job of jobs) {
        signal.throwIfAborted();
        if (job.paused) continue;
        // A run of the same machine may be writing its point just now; it prunes at its end.
        await octopus.replicator.prune(job.id, signal).catch((error: unknown) => {
          if (toOctopusError(error).code !== 'source.busy') throw error;
        });
      }
    },
  };
}

/** Whether an earlier process left a run of the job that has not ended since. */
export async function isInterrupted({ store }: Pick<Octopus, 'store'>, jobId: string): Promise<boolean> {
  return (await store.runs.unfinished()).some((run) => run.jobId === jobId);
}

/** A cutover may begin when both ends answer and there is something to start from. */
export function createGoNoGo(octopus: Octopus): GoNoGo {
  return async (task, signal) => {
    // Who asks for it now is answered by the cutover itself.
    if (isQueued(task)) return { go: true };
    try {
      const job = await jobOf(octopus, task);
      const machine = await octopus.machine(job.machineId);
      const { name } = machine.inventory;
      if (job.paused) return { go: false, reason: `The migration of ${name} is paused: resume it first.` };
      if (job.state !== 'active') return { go: false, reason: `${name} is cut over already.` };
      if ((await octopus.store.recoveryPoints.ofJob(job.id)).length === 0) {
        return { go: false, reason: `${name} has no recovery point yet: replicate it first.` };
      }
      const source = await octopus.source(machine.sourceEnvironmentId, signal);
      const { disks } = await source.machine(machine.inventory.ref, signal);
      const left = disks.flatMap(({ label, excluded }) => (excluded === undefined ? [] : [`${label}: ${excluded}`]));
      if (left.length > 0 && task.payload[acceptsLeftOut] !== true) {
        const reason = `${name} would lack ${left.length === 1 ? 'a disk' : `${left.length} disks`} at the target. ${left.join(' ')}`;
        return { go: false, reason: `${reason} Accept that in the schedule of the cutover, or mend it.` };
      }
      const target = await octopus.target(job.targetEnvironmentId);
      if ((await target.started(machine.inventory.instanceUuid, signal)).length > 0) {
        return { go: false, reason: `${name} is started at the target already. ${howToStop}` };
      }
      return { go: true };
    } catch (error) {
      if (signal.aborted || !(error instanceof OctopusError)) throw error;
      return { go: false, reason: error.message };
    }
  };
}

function jobIdOf(task: Task): string {
  if (task.jobId === undefined) throw new OctopusError('internal.unexpected', `The task ${task.id} names no migration.`);
  return task.jobId;
}

async function jobOf(octopus: Octopus, task: Task) {
  const job = await octopus.store.jobs.find(jobIdOf(task));
  if (!job) throw new OctopusError('not.found', `There is no migration ${task.jobId} any more.`);
  return job;
}
