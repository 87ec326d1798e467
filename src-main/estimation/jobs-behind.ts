import type { Store } from '../store/store.ts';
import { behindSince } from './behind.ts';

/** Ids of the migrations whose newest recovery point is older than their schedules want it, as the overview counts them. */
export async function jobsBehind(store: Pick<Store, 'jobs'>, now: Date): Promise<string[]> {
  const behind = new Set<string>();
  for (const job of await store.jobs.scheduled()) if (behindSince(job, [job.schedule], now) !== undefined) behind.add(job.id);
  return [...behind];
}
