import type { Store } from '../store/store.ts';
import { behindSince } from './behind.ts';

/** Ids of the migrations whose newest recovery point is older than their schedules want it, as the overview counts them. */
export async function jobsBehind(store: Pick<Store, 'jobs' | 'schedules'>, now: Date): Promise<string[]> {
  const jobs = await store.jobs.scheduled();
  if (jobs.length === 0) return [];
  const schedules = await store.schedules.list();
  const runsOf = Map.groupBy(
    schedules.filter(({ kind, jobId, enabled }) => enabled && kind === 'run' && jobId !== undefined),
    ({ jobId }) => jobId as string,
  );
  return jobs.filter((job) => behindSince(job, runsOf.get(job.id) ?? [], now) !== undefined).map(({ id }) => id);
}
