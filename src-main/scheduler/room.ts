import type { Task } from '../domain/task.ts';

/** Tasks at a time. */
export interface SchedulerLimits {
  total: number;
  perHost: number;
  perDatastore: number;
  perTarget: number;
}

export const defaultSchedulerLimits: SchedulerLimits = { total: 16, perHost: 4, perDatastore: 4, perTarget: 8 };

export interface Room {
  full(): boolean;
  /** Counts the task in, if every limit and its lane have room for it. */
  enter(task: Task): boolean;
}

export function createRoom(limits: SchedulerLimits, leased: readonly Task[]): Room {
  const used = new Map<string, number>();
  const lanes = new Set<string>();
  let total = 0;
  const most = (key: string) => {
    // Two runs would take and remove their snapshots in each other's way.
    if (key.startsWith('machine:')) return 1;
    if (key.startsWith('host:')) return limits.perHost;
    return key.startsWith('datastore:') ? limits.perDatastore : limits.perTarget;
  };
  const count = ({ keys, lane }: Task) => {
    total += 1;
    if (lane !== undefined) lanes.add(lane);
    for (const key of keys) used.set(key, (used.get(key) ?? 0) + 1);
  };
  leased.forEach(count);
  return {
    full: () => total >= limits.total,
    enter(task) {
      if (task.lane !== undefined && lanes.has(task.lane)) return false;
      if (total >= limits.total || task.keys.some((key) => (used.get(key) ?? 0) >= most(key))) return false;
      count(task);
      return true;
    },
  };
}
