export interface ThroughputSample {
  /** Milliseconds since 1970. */
  at: number;
  /** Bytes a second that were sent to the target; undefined where nothing was to be sent. */
  sent: number | undefined;
  /** Bytes a second that were read back from the target. */
  readBack: number;
}

/** The last ten minutes, or all of the run. */
export type ThroughputSpan = 'recent' | 'run';

export const recentMs = 10 * 60_000;
const mebibyte = 2 ** 20;

/** As the chart library wants it: seconds since 1970, and MiB/s or null where nothing was measured. */
export type ThroughputSeries = [seconds: number[], sent: (number | null)[], readBack: (number | null)[]];

/** Samples of the span, ascending; `now` is the right edge of the last ten minutes. */
export function within(samples: readonly ThroughputSample[], span: ThroughputSpan, now: number): readonly ThroughputSample[] {
  if (span === 'run') return samples;
  const first = samples.findIndex(({ at }) => at >= now - recentMs);
  return first === -1 ? [] : samples.slice(first);
}

/**
 * At most about `points` points: more than the pixels of the chart would be drawn for nobody. Samples of one stretch of time become their
 * mean. Where no sample came for much longer than usual (paused, interrupted, the machine slept) the line is broken, not drawn through.
 */
export function seriesOf(samples: readonly ThroughputSample[], points = 1200): ThroughputSeries {
  const seconds: number[] = [];
  const sent: (number | null)[] = [];
  const readBack: (number | null)[] = [];
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last) return [seconds, sent, readBack];
  const stretch = (last.at - first.at) / points;
  const silence = Math.max(15_000, 5 * usualDistance(samples), 3 * stretch);
  const sums = { sent: 0, sending: 0, readBack: 0 };
  let count = 0;
  let begin = first.at;
  let previous = first.at;
  const flush = () => {
    if (count === 0) return;
    seconds.push((begin + previous) / 2000);
    sent.push(sums.sending === 0 ? null : sums.sent / sums.sending / mebibyte);
    readBack.push(sums.readBack === 0 ? null : sums.readBack / count / mebibyte);
    sums.sent = sums.sending = sums.readBack = count = 0;
  };
  for (const sample of samples) {
    const { at } = sample;
    const broken = at - previous > silence;
    if (broken || at - begin >= stretch) {
      flush();
      if (broken) {
        seconds.push((previous + at) / 2000);
        sent.push(null);
        readBack.push(null);
      }
      begin = at;
    }
    if (sample.sent !== undefined) {
      sums.sent += sample.sent;
      sums.sending++;
    }
    sums.readBack += sample.readBack;
    count++;
    previous = at;
  }
  flush();
  return [seconds, sent, readBack];
}

function usualDistance(samples: readonly ThroughputSample[]): number {
  const distances = samples.slice(1).map(({ at }, index) => at - samples[index]!.at);
  distances.sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 2)] ?? 0;
}

/** Milliseconds. */
const smoothing = 5000;

/** Means of the last seconds: workers tell of themselves about once a second, and what falls into one and not into the next is no peak. */
export function smoothed(samples: readonly ThroughputSample[]): ThroughputSample[] {
  let from = 0;
  return samples.map((sample, index) => {
    if (sample.sent === undefined) return sample;
    while (sample.at - samples[from]!.at >= smoothing) from++;
    const rates = samples.slice(from, index + 1).flatMap(({ sent }) => (sent === undefined ? [] : [sent]));
    return { ...sample, sent: rates.reduce((sum, rate) => sum + rate, 0) / rates.length };
  });
}

export interface ThroughputFigures {
  /** Bytes a second that were sent, over the time in which something was to be sent; undefined where nothing was. */
  mean: number | undefined;
  highest: number | undefined;
  /** Milliseconds between the first and the last sample. */
  duration: number;
}

export function figuresOf(samples: readonly ThroughputSample[]): ThroughputFigures | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last) return undefined;
  let sum = 0;
  let count = 0;
  let highest = 0;
  for (const { sent } of samples) {
    if (sent === undefined) continue;
    sum += sent;
    count++;
    highest = Math.max(highest, sent);
  }
  const duration = last.at - first.at;
  return count === 0 ? { mean: undefined, highest: undefined, duration } : { mean: sum / count, highest, duration };
}

/** Bytes a second. Not below the mean of the whole run where that is known: of a short run the samples may hold little. */
export function peakOf(samples: readonly ThroughputSample[], mean: number | undefined): number | undefined {
  const seen = figuresOf(samples)?.highest;
  return seen === undefined || mean === undefined ? (seen ?? mean) : Math.max(seen, mean);
}

/** The horizontal range in seconds: ten whole minutes, so that the line moves and does not stretch; or the run. */
export function rangeOfSpan(samples: readonly ThroughputSample[], span: ThroughputSpan, now: number): [number, number] {
  if (span === 'recent') return [(now - recentMs) / 1000, now / 1000];
  const first = samples[0]?.at ?? now;
  const last = Math.max(samples.at(-1)?.at ?? now, first + 10_000);
  return [first / 1000, last / 1000];
}
