import type { LabClock } from './types.ts';

/** The real time. `close` cancels what is still to come. */
export function realClock(): LabClock {
  return {
    now: () => Date.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
}

export interface ManualClock extends LabClock {
  /** Moves time on and runs what falls due, in order of time, then of registration. */
  advance(ms: number): void;
}

/** Time that stands still until it is advanced. */
export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let time = start;
  let number = 0;
  const due = new Map<number, { at: number; run: () => void }>();
  return {
    now: () => time,
    after(ms, run) {
      const id = ++number;
      due.set(id, { at: time + ms, run });
      return () => due.delete(id);
    },
    advance(ms) {
      const end = time + ms;
      for (;;) {
        let next: [number, { at: number; run: () => void }] | undefined;
        for (const entry of due) if (entry[1].at <= end && (next === undefined || entry[1].at < next[1].at)) next = entry;
        if (next === undefined) break;
        due.delete(next[0]);
        time = Math.max(time, next[1].at);
        next[1].run();
      }
      time = end;
    },
  };
}
