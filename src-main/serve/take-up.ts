import type { Cutover } from '../domain/cutover.ts';
import type { Task } from '../domain/task.ts';
import type { Recovered } from '../replication/replicator.ts';
import { MOST_LOST_LEASES } from '../scheduler/task-retry.ts';
import type { Store } from '../store/store.ts';
import { priorities } from './operation-task.ts';
import type { Operations } from './operations.ts';

/** Tasks of a migration that are looked through for the one that was being worked on. */
const LOOKED_THROUGH = 200;

/**
 * What an earlier process was in the midst of goes on by its own task, first of all in the queue and under its limits; where that is gone, by a
 * new one. A cutover or rollback without a task goes on at once. Quick: nothing of it is waited for but `ended`.
 */
export async function takeUp(
  { store, operations, now }: { store: Store; operations: Operations; now: () => string },
  begun: Set<string>,
): Promise<{ ended: Promise<Recovered[]> }> {
  const cutovers = await store.cutovers.unfinished();
  const inCutover = new Set(cutovers.map(({ jobId }) => jobId));

  async function ownTask(jobId: string, kind: 'run' | 'cutover', since: string): Promise<Task | undefined> {
    const tasks = await store.tasks.list({ jobId, kind, limit: LOOKED_THROUGH });
    const leased = tasks.find(({ state, attempts }) => state === 'leased' && attempts < MOST_LOST_LEASES);
    return leased ?? tasks.find(({ state, startedAt }) => state === 'waiting' && startedAt !== undefined && startedAt <= since);
  }
  async function hasten(task: Task): Promise<void> {
    await store.tasks.hasten(task.id, task.kind === 'run' ? priorities.resume : priorities.cutover, now());
    begun.add(task.id);
  }

  const jobs = new Set<string>();
  for (const { jobId, startedAt } of await store.runs.unfinished()) {
    // The runs of a cutover are the cutover's to continue.
    if (inCutover.has(jobId) || jobs.has(jobId)) continue;
    jobs.add(jobId);
    const task = await ownTask(jobId, 'run', startedAt);
    if (task) await hasten(task);
    else begun.add(await operations.resume(jobId));
  }
  const going: Promise<Recovered>[] = [];
  for (const cutover of cutovers) {
    const task = cutover.state === 'running' ? await ownTask(cutover.jobId, 'cutover', cutover.startedAt) : undefined;
    if (task) await hasten(task);
    else
      going.push(
        operations
          .resumeCutover(cutover.jobId)
          .then(undefined, () => {})
          .then(() => outcomeOf(store, cutover)),
      );
  }
  return { ended: Promise.all(going) };
}

async function outcomeOf(store: Store, { id }: Cutover): Promise<Recovered> {
  const ended = await store.cutovers.find(id);
  const state = ended?.state;
  const outcome = state === undefined || state === 'running' || state === 'rolling-back' ? 'postponed' : state;
  const what = outcome === 'done' ? 'An interrupted cutover was finished.' : `An interrupted cutover: ${outcome}.`;
  return { what: 'cutover', id, outcome, message: [what, ended?.error?.message ?? ''].join(' ').trim() };
}
