import type { Schedule } from '../domain/schedule.ts';
import type { Task, TaskKind } from '../domain/task.ts';
import { nextAfter } from './timing.ts';

/** Older than this, the planned time was slept through. */
const LATE_MS = 60_000;

export interface TaskRequest {
  kind: Exclude<TaskKind, 'cutover-check'>;
  jobId?: string;
  sourceId?: string;
  payload?: Task['payload'];
  /** Higher goes first; 50 unless given, so that what a person asks for goes before what is planned. */
  priority?: number;
  /** Now unless given. */
  dueAt?: Date;
}

/** The task for a schedule's planned time, and the planned time after that. What was missed until now is this one task. */
export function planTask(schedule: Schedule, now: Date, id: string, random: () => number): { task: Task; nextAt: string | undefined } {
  const { timing, jitterMs } = schedule;
  let { kind } = schedule;
  let plannedAt = schedule.nextAt!;
  let { payload } = schedule;
  if (timing.type === 'once') {
    if (now.getTime() >= Date.parse(timing.at)) {
      plannedAt = new Date(timing.at).toISOString();
      payload = { ...payload, latestStart: new Date(Date.parse(timing.at) + timing.graceMs).toISOString() };
    } else {
      kind = 'cutover-check';
      payload = { ...payload, cutoverAt: new Date(timing.at).toISOString() };
    }
  }
  const jitter = Math.floor(random() * jitterMs);
  // After a sleep everything is late at once: the jitter spreads it from now on.
  const from = now.getTime() - Date.parse(plannedAt) > LATE_MS + jitterMs ? now.getTime() : Date.parse(plannedAt);
  const task = newTask(
    { kind: kind as TaskRequest['kind'], payload, priority: schedule.priority, dueAt: new Date(from + jitter) },
    { id, now, scheduleId: schedule.id, plannedAt, jobId: schedule.jobId, sourceId: schedule.sourceId },
  );
  const nextAt = kind === 'cutover-check' && timing.type === 'once' ? timing.at : nextAfter(timing, schedule.createdAt, now);
  return { task, nextAt: nextAt && new Date(nextAt).toISOString() };
}

export function newTask(
  request: TaskRequest,
  known: { id: string; now: Date; scheduleId?: string; plannedAt?: string; jobId: string | undefined; sourceId: string | undefined },
): Task {
  const { kind, payload = {}, priority = 50, dueAt = known.now } = request;
  const { id, now, jobId, sourceId, scheduleId, plannedAt } = known;
  return {
    id,
    scheduleId,
    plannedAt,
    kind,
    jobId,
    sourceId,
    payload,
    keys: [],
    lane: laneOf(kind, jobId, sourceId),
    priority,
    state: 'waiting',
    dueAt: dueAt.toISOString(),
    attempts: 0,
    leaseOwner: undefined,
    leaseUntil: undefined,
    token: 0,
    cancelRequested: false,
    error: undefined,
    createdAt: now.toISOString(),
    startedAt: undefined,
    endedAt: undefined,
  };
}

/** A check only asks, so it need not wait for the run that is going on. */
function laneOf(kind: TaskKind, jobId: string | undefined, sourceId: string | undefined): string | undefined {
  if (kind === 'cutover-check') return undefined;
  if (jobId !== undefined) return `job:${jobId}`;
  return sourceId === undefined ? kind : `source:${sourceId}`;
}
