import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import type { ReplicationEvent } from '../replication/context.ts';
import type { Store } from '../store/store.ts';

/** Progress is told this often for each disk; what it says adds up, so that nothing is lost. Milliseconds. */
const PROGRESS_EVERY = 500;

/** Answers what takes the replication's events and tells them in the words of the contract, in their order. */
export function createReplicationEvents(
  store: Pick<Store, 'runs' | 'cutovers'>,
  publish: (event: OctopusEvent) => Promise<unknown>,
  onFailure: (error: unknown) => void,
): { take: (event: ReplicationEvent) => void; settled: () => Promise<void> } {
  const jobs = new Map<string, string>();
  const told = new Map<string, number>();
  let last: Promise<void> = Promise.resolve();

  async function jobOf(runId: string): Promise<string | undefined> {
    const known = jobs.get(runId) ?? (await store.runs.find(runId))?.jobId;
    if (known !== undefined) jobs.set(runId, known);
    return known;
  }

  async function translate(event: ReplicationEvent): Promise<OctopusEvent | undefined> {
    if (event.type === 'cutover-ended') {
      const { id, jobId, state, error } = event.cutover;
      return { type: 'cutover.ended', data: { migrationId: jobId, cutoverId: id, state, ...(error ? { error } : {}) } };
    }
    if (event.type === 'point-verified') {
      const { jobId: migrationId, pointId: recoveryPointId, mismatch } = event;
      if (mismatch === undefined) return { type: 'recovery-point.verified', data: { migrationId, recoveryPointId, outcome: 'match' } };
      return { type: 'recovery-point.verified', data: { migrationId, recoveryPointId, outcome: 'mismatch', mismatch } };
    }
    if (event.type === 'cutover') {
      const cutover = await store.cutovers.find(event.cutoverId);
      const { cutoverId, phase } = event;
      return cutover && { type: 'cutover.phase', data: { migrationId: cutover.jobId, cutoverId, phase } };
    }
    if (event.type === 'ended') {
      const { id: runId, jobId: migrationId, state, error, counts } = event.run;
      jobs.delete(runId);
      for (const key of [...told.keys()]) if (key.startsWith(`${runId} `)) told.delete(key);
      return { type: 'run.ended', data: { migrationId, runId, state, counts, ...(error ? { error } : {}) } };
    }
    const { runId } = event;
    const migrationId = await jobOf(runId);
    if (migrationId === undefined) return undefined;
    const of = { migrationId, runId };
    switch (event.type) {
      case 'run':
        return { type: 'run.started', data: { ...of, machine: event.machine, resumed: event.resumed } };
      case 'phase':
        return { type: 'run.phase', data: { ...of, phase: event.phase } };
      case 'disk': {
        const { key, mode, doubt, bytes, capacity } = event;
        return { type: 'run.disk', data: { ...of, key, mode, bytes, capacity, ...(doubt === undefined ? {} : { doubt }) } };
      }
      case 'progress': {
        const { key, activity, done, total, counts } = event;
        return { type: 'run.progress', data: { ...of, key, activity, done, total, counts } };
      }
      case 'retry': {
        const { key, attempt, code, message } = event;
        return { type: 'run.retry', data: { ...of, attempt, code, message, ...(key === undefined ? {} : { key }) } };
      }
      case 'note':
        return { type: 'run.note', data: { ...of, text: event.text } };
      case 'checkpoint':
      case 'journal':
        return undefined;
    }
  }

  function isTooSoon(event: ReplicationEvent): boolean {
    if (event.type === 'checkpoint' || event.type === 'journal') return true;
    if (event.type !== 'progress' || event.done >= event.total) return false;
    const key = `${event.runId} ${event.key} ${event.activity}`;
    const now = performance.now();
    if (now - (told.get(key) ?? Number.NEGATIVE_INFINITY) < PROGRESS_EVERY) return true;
    told.set(key, now);
    return false;
  }

  return {
    take(event) {
      if (isTooSoon(event)) return;
      last = last.then(async () => {
        const translated = await translate(event);
        // Not waited for: events that come close together are written together.
        if (translated) publish(translated).catch(onFailure);
      });
      last = last.catch(onFailure);
    },
    settled: () => last,
  };
}
