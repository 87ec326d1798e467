import { OctopusError } from '../../workers/octopus-error.ts';
import { durationText } from '../domain/duration-text.ts';
import type { Task } from '../domain/task.ts';

export const machineOf = ({ keys }: Pick<Task, 'keys'>): string | undefined => keys.find((key) => key.startsWith('machine:'));

/** After this moment, ISO 8601, it is not begun any more. */
export function latestStartOf({ payload }: Task): string | undefined {
  return typeof payload.latestStart === 'string' ? payload.latestStart : undefined;
}

/** `holder`: what worked with its machine until then. Who reads it may not see the holder, so it is not named; and times are theirs to format. */
export function tooLate(task: Task, holder?: Task): OctopusError {
  const patience = Date.parse(latestStartOf(task) ?? '') - Date.parse(task.plannedAt ?? task.createdAt);
  const from = task.plannedAt === undefined ? 'being asked for' : 'its planned time';
  const within = patience > 0 ? `within ${durationText(patience)} of ${from}` : `at ${from}`;
  const whose = holder?.jobId === task.jobId ? 'other work of this migration' : 'another migration of the same machine';
  return new OctopusError('job.state', `The cutover could not begin ${within}${holder ? `: ${whose} went on` : ''}. Plan it again.`);
}
