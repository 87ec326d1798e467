import type { LiveDisk, LiveRun, Sample } from './live.ts';

export interface RunProgress {
  activity: LiveDisk['activity'];
  /** Bytes, of all disks together. */
  done: number;
  total: number;
  /** 0 to 1; undefined while nobody knows how much there is. */
  part: number | undefined;
  /** Bytes a second that are sent to the target, mean of the last seconds; undefined while nothing is to be sent. */
  rate: number | undefined;
  /** Bytes a second that are read back from the target, mean of the last seconds; undefined while nothing is. */
  readBack: number | undefined;
  /** Milliseconds until this activity is done, as quick as it went in the last seconds: what was read and need not be sent counts, too. */
  remainingMs: number | undefined;
}

/** Seconds over which the rate is taken: less jumps about, more is late. */
const WINDOW = 10;
/** Whole seconds of one activity before anything is told by them: less may be its beginning alone. */
const ENOUGH = 2;

/** How far a run is with what it does now. Undefined: nothing was heard of its disks yet. `now` in milliseconds since 1970. */
export function progressOfRun(run: Pick<LiveRun, 'phase' | 'disks' | 'samples'>, now: number): RunProgress | undefined {
  const disks = Object.values(run.disks);
  if (disks.length === 0) return undefined;
  const verifying = disks.filter(({ activity }) => activity === 'verify');
  const activity = run.phase === 'verify' || (run.phase !== 'transfer' && verifying.length > 0) ? 'verify' : 'transfer';
  const doing = activity === 'verify' ? verifying : disks.filter((disk) => disk.activity === 'transfer');
  const done = doing.reduce((sum, disk) => sum + disk.done, 0);
  const total = doing.reduce((sum, disk) => sum + disk.total, 0);
  const pace = paceOf(run.samples, now);
  const speed = activity === 'verify' ? pace?.verified : pace?.read;
  return {
    activity,
    done,
    total,
    part: total > 0 ? Math.min(1, done / total) : undefined,
    // While every block is found there already, nothing is sent: that is a rate as well.
    rate: activity === 'transfer' && speed ? pace?.sent : undefined,
    readBack: pace?.verified || undefined,
    remainingMs: speed ? (Math.max(0, total - done) / speed) * 1000 : undefined,
  };
}

/** Bytes a second, means of the last seconds. */
function paceOf(samples: LiveRun['samples'], now: number): Omit<Sample, 'at'> | undefined {
  // The present second is not over: what was counted in it is not a second's.
  const until = Math.floor(now / 1000);
  const from = Math.max(until - WINDOW, samples[0]?.at ?? until);
  if (until - from < 1) return undefined;
  const counted = samples.filter(({ at }) => at >= from && at < until);
  // The seconds before it was begun are none of its own: a reading back would seem slow after a copy.
  const mean = (of: 'read' | 'sent' | 'verified', begunBy: 'read' | 'verified') => {
    const first = counted.find((sample) => sample[begunBy] > 0);
    // It was begun somewhere within that second.
    const whole = first === undefined ? 0 : until - first.at - 1;
    if (first === undefined || whole < ENOUGH) return 0;
    return counted.reduce((sum, sample) => sum + (sample.at > first.at ? sample[of] : 0), 0) / whole;
  };
  return { read: mean('read', 'read'), sent: mean('sent', 'read'), verified: mean('verified', 'verified') };
}
