export const cutoverPhases = ['pre-sync', 'pre-boot-check', 'power-off', 'final-run', 'boot-check', 'start', 'finished'] as const;
export type CutoverPhase = (typeof cutoverPhases)[number];

export type CutoverState = 'running' | 'rolling-back' | 'done' | 'rolled-back' | 'failed' | 'cancelled';

export interface Cutover {
  id: string;
  jobId: string;
  state: CutoverState;
  /** Begun last. While rolling back: how far it had come. */
  phase: CutoverPhase;
  settings: CutoverSettings;
  /** Whether the source was powered on before; undefined until that was asked. */
  sourceWasOn: boolean | undefined;
  /** How the source went down; `no-power`: it has no power to switch (disk images). */
  poweredOff: 'guest' | 'hard' | 'already-off' | 'no-power' | undefined;
  finalRunId: string | undefined;
  /** Stored before target.start is called, so that a crash in it is known. */
  startAttempted: boolean;
  /** What target.start answered. */
  handle: string | undefined;
  where: string | undefined;
  /** One sentence for each thing that was undone. */
  undone: string[];
  error: { code: string; message: string } | undefined;
  startedAt: string;
  endedAt: string | undefined;
  /** Always there in what the store answers. */
  times?: CutoverTimes;
}

/** All ISO 8601. */
export interface CutoverTimes {
  /** When each phase was begun first, in their order. */
  phases: { phase: CutoverPhase; startedAt: string }[];
  /** When the source was told to power off; absent where it was off, or has no power to switch. */
  downAt?: string;
  /** Milliseconds until its last boot check saw the replica up; absent without one. */
  bootMs?: number;
  /** When the machine had started at the target. Stays where that is rolled back. */
  upAt?: string;
  /** When the source ran again, where it was undone. */
  backAt?: string;
}

/** Milliseconds that the machine ran nowhere: until it started at the target or, where it came no further, at the source again. */
export function downtimeOf({ times }: Pick<Cutover, 'times'>): number | undefined {
  const until = times?.upAt ?? times?.backAt;
  if (times?.downAt === undefined || until === undefined) return undefined;
  return Math.max(0, Date.parse(until) - Date.parse(times.downAt));
}

/** What the last boot check found, where it did not pass and none has since. */
export function lastBootFailure(newestFirst: readonly Pick<Cutover, 'phase' | 'settings' | 'error'>[]): string | undefined {
  const checked = newestFirst.filter(({ settings }) => settings.expectConsole !== undefined);
  const known = checked.find(({ phase, error }) => error?.code === 'verify.boot' || phase === 'start' || phase === 'finished');
  return known?.error?.code === 'verify.boot' ? known.error.message : undefined;
}

export interface CutoverSettings {
  /** A last run while the source still works, so that the final one is short. */
  preSync: boolean;
  /** Milliseconds that the guest has to shut down before it is powered off hard. */
  shutdownDeadlineMs: number;
  /** Where set, the point of the pre-sync (before the power-off) and the final one must boot (isolated) and show this text. */
  expectConsole: string | undefined;
  bootTimeoutMs: number;
}
