import type { TaskKind } from './task.ts';

/**
 * When a schedule's time comes. `every` is a grid in absolute time (daylight saving does not touch it); `cron` is five fields read in a zone: a
 * time that the clocks skip is run right after the gap, one that comes twice is run once unless the hour or minute is a wildcard or step.
 */
export type Timing =
  | {
      type: 'every' /** 1 to a year. */;
      minutes: number /** The grid's origin, ISO 8601; the schedule's creation unless given. */;
      startAt?: string;
    }
  | { type: 'cron'; expression: string /** IANA, e.g. `Europe/Berlin`. */; zone: string }
  | {
      type: 'once';
      /** ISO 8601. */
      at: string;
      /** A cutover's first go/no-go check comes this long before it, so that a person can still act; 0: only the one right before it. */
      checkLeadMs: number;
      /** Later than this after `at` (the machine slept) it is refused instead of surprising people. */
      graceMs: number;
    };

/** A time when nothing is started. What falls into it is started once at its end. */
export interface QuietWindow {
  /** IANA. */
  zone: string;
  /** The days on which it begins: 1 Monday to 7 Sunday. */
  days: number[];
  /** `HH:MM` of the wall clock; `to` is no part of it. `to` <= `from` lasts into the next day. */
  from: string;
  to: string;
}

/** In the payload of a planned cutover: a person knows of the disks that are left out. */
export const acceptsLeftOut = 'acceptsLeftOut';

export interface Schedule {
  id: string;
  kind: TaskKind;
  jobId: string | undefined;
  /** The source environment, for `inventory`. */
  sourceId: string | undefined;
  timing: Timing;
  windows: QuietWindow[];
  /** A task is due at a random moment up to this long after its planned time. */
  jitterMs: number;
  /** Higher goes first. */
  priority: number;
  /** Plain facts for the executor. Never secrets. */
  payload: Record<string, string | number | boolean>;
  enabled: boolean;
  /** Off since a cutover of its migration; forgotten when it is switched on again. */
  endedByCutover?: boolean;
  /** The planned time that comes next, ISO 8601; undefined when none comes any more. */
  nextAt: string | undefined;
  createdAt: string;
}
