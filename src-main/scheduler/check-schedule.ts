import { OctopusError } from '../../workers/octopus-error.ts';
import type { Schedule } from '../domain/schedule.ts';
import { checkWindows } from './quiet-windows.ts';
import { checkTiming } from './timing.ts';

const DAY = 86_400_000;

export type ScheduleRequest = Omit<Schedule, 'id' | 'nextAt' | 'createdAt'> & { id?: string };

/** `argument.invalid` with the field's name. */
export function checkSchedule(request: ScheduleRequest, now: Date): void {
  const invalid = (field: string, message: string) => {
    throw new OctopusError('argument.invalid', message, { field });
  };
  const { kind, timing, jobId, sourceId, jitterMs, priority } = request;
  if (kind === 'cutover-check') invalid('kind', 'The check belongs to its cutover and is not scheduled by itself.');
  if ((kind === 'run' || kind === 'cutover' || kind === 'verify') && jobId === undefined)
    invalid('jobId', `A schedule for a ${kind} names its job.`);
  if (kind === 'inventory' && sourceId === undefined) invalid('sourceId', 'A schedule for the inventory names its source.');
  if (kind === 'cutover' && timing.type !== 'once') invalid('timing', 'A cutover happens once.');
  if (timing.type === 'once' && kind !== 'cutover' && timing.checkLeadMs !== 0) {
    invalid('timing.checkLeadMs', 'Only a cutover is checked beforehand.');
  }
  checkTiming(timing, now);
  checkWindows(request.windows);
  const longest = timing.type === 'every' ? Math.min(DAY, timing.minutes * 60_000) : DAY;
  if (!Number.isInteger(jitterMs) || jitterMs < 0 || jitterMs > longest) {
    invalid('jitterMs', `The jitter is 0 to ${longest} ms, no more than a day or the time between two runs.`);
  }
  if (!Number.isInteger(priority)) invalid('priority', 'The priority is a whole number.');
}
