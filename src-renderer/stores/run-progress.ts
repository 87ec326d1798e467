import type { LiveDisk, LiveRun } from './live.ts';

export interface RunProgress {
  activity: LiveDisk['activity'];
  /** Bytes, of all disks together. */
  done: number;
  total: number;
  /** 0 to 1; undefined while nobody knows how much there is. */
  part: number | undefined;
  /** Bytes a second, mean of the last seconds; undefined while nothing moves. */
  rate: number | undefined;
  /** Milliseconds until this activity is done, at that rate. */
  remainingMs: number | undefined;
}

/** Seconds over which the rate is taken: less jumps about, more is late. */
const WINDOW = 10;

/** How far a run is with what it does now. Undefined: nothing was heard of its disks yet. `now` in milliseconds since 1970. */
export function progressOfRun(run: Pick<LiveRun, 'phase' | 'disks' | 'samples'>, now: number): RunProgress | undefined {
  const disks = Object.values(run.disks);
  if (disks.length === 0) return undefined;
  const verifying = disks.filter(({ activity }) => activity === 'verify');
  const activity = run.phase === 'verify' || (run.phase !== 'transfer' && verifying.length > 0) ? 'verify' : 'transfer';
  const doing = activity === 'verify' ? verifying : disks.filter((disk) => disk.activity === 'transfer');
  const done = doing.reduce((sum, disk) => sum + disk.done, 0);
  const total = doing.reduce((sum, disk) => sum + disk.total, 0);
  const rate = rateOf(run.samples, activity, now);
  return {
    activity,
    done,
    total,
    part: total > 0 ? Math.min(1, done / total) : undefined,
    rate,
    remainingMs: rate === undefined ? undefined : (Math.max(0, total - done) / rate) * 1000,
  };
}

function rateOf(samples: LiveRun['samples'], activity: RunProgress['activity'], now: number): number | undefined {
  // The present second is not over: what was counted in it is not a second's.
  const until = Math.floor(now / 1000);
  const from = Math.max(until - WINDOW, samples[0]?.at ?? until);
  const seconds = until - from;
  if (seconds < 1) return undefined;
  const bytes = samples
    .filter(({ at }) => at >= from && at < until)
    .reduce((sum, sample) => sum + (activity === 'verify' ? sample.verified : sample.read), 0);
  return bytes > 0 ? bytes / seconds : undefined;
}
