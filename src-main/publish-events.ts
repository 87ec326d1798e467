import type { OctopusEvent } from '../src-preload/contract/events.ts';
import type { Clock } from './domain/clock.ts';
import type { EventLog } from './events/event-log.ts';
import type { ReplicationEvent } from './replication/context.ts';

/** Milliseconds between two events about the progress of a disk: people do not see more, and the log is not there for it. */
const PROGRESS = 1000;

/** Puts what the replication tells into the words of the contract and publishes it. */
export function createEventPublisher(log: Pick<EventLog, 'publish'>, clock: Pick<Clock, 'now'>): (event: ReplicationEvent) => void {
  const jobs = new Map<string, string>();
  const told = new Map<string, { at: number; activity: string }>();

  return (event) => {
    const published = inWordsOfTheContract(event);
    // An event that cannot be written must not end a run; the store tells of its trouble at the next write of the run itself.
    if (published) log.publish(published).catch(() => {});
  };

  function inWordsOfTheContract(event: ReplicationEvent): OctopusEvent | undefined {
    switch (event.type) {
      case 'run':
        jobs.set(event.runId, event.jobId);
        return { type: 'run.started', data: { ...of(event), machine: event.machine, resumed: event.resumed } };
      case 'phase':
        return { type: 'run.phase', data: { ...of(event), phase: event.phase } };
      case 'disk': {
        const { key, mode, doubt, bytes, capacity } = event;
        return { type: 'run.disk', data: { ...of(event), key, mode, bytes, capacity, ...(doubt === undefined ? {} : { doubt }) } };
      }
      case 'progress': {
        const { key, activity, done, total, counts } = event;
        const id = `${event.runId}/${key}`;
        const now = clock.now().getTime();
        const last = told.get(id);
        if (last?.activity === activity && done < total && now - last.at < PROGRESS) return undefined;
        told.set(id, { at: now, activity });
        return { type: 'run.progress', data: { ...of(event), key, activity, done, total, counts: countsOf(counts) } };
      }
      case 'checkpoint':
        return undefined;
      case 'retry': {
        const { key, attempt, code, message } = event;
        return { type: 'run.retry', data: { ...of(event), attempt, code, message, ...(key === undefined ? {} : { key }) } };
      }
      case 'note':
        return { type: 'run.note', data: { ...of(event), text: event.text } };
      case 'ended': {
        const { id, jobId, state, error, counts } = event.run;
        jobs.delete(id);
        for (const key of [...told.keys()]) if (key.startsWith(`${id}/`)) told.delete(key);
        const data = { migrationId: jobId, runId: id, state, counts: countsOf(counts), ...(error ? { error } : {}) };
        return { type: 'run.ended', data };
      }
      case 'cutover':
        return { type: 'cutover.phase', data: { migrationId: event.jobId, cutoverId: event.cutoverId, phase: event.phase } };
      case 'cutover-ended': {
        const { id, jobId, state, error } = event.cutover;
        return { type: 'cutover.ended', data: { migrationId: jobId, cutoverId: id, state, ...(error ? { error } : {}) } };
      }
    }
  }

  function of({ runId }: { runId: string }) {
    return { migrationId: jobs.get(runId) ?? '', runId };
  }
}

function countsOf({ read, sent, zero, unchanged }: { read: number; sent: number; zero: number; unchanged: number }) {
  return { read, sent, zero, unchanged };
}
