import type { Output } from '../../../src-preload/contract/routes.ts';
import { tasksTexts as texts } from '../../texts/schedules.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';

export type Task = Output<'tasks.list'>['items'][number];

/** It waits for another try. */
export const isRetrying = ({ state, attempts }: Task): boolean => state === 'waiting' && attempts > 0;

export function TaskState({ task }: { task: Task }) {
  return isRetrying(task) ? <StatusBadge state="behind" word={texts.retrying} /> : <StatusBadge state={task.state} />;
}
