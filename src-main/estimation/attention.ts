/** The most urgent first. */
export const urgency = [
  ...(['cutover-failed', 'mismatch', 'source-failed', 'target-failed', 'run-failed', 'behind', 'task-dead'] as const),
  ...(['schedules-paused', 'unscheduled'] as const),
];

export interface Attention {
  kind: (typeof urgency)[number];
  migrationId?: string;
  taskId?: string;
  sourceId?: string;
  targetId?: string;
  /** Of `unscheduled`: those that would run it, were they on. */
  scheduleIds?: string[];
  machineName?: string;
  /** Of the source or target. */
  environmentName?: string;
  text: string;
  since: string;
}
