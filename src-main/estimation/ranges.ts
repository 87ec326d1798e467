/** It is expected between low and high. */
export interface Range {
  low: number;
  likely: number;
  high: number;
}

/** What was measured, least to most, with the median as what is likely. Undefined where nothing was. */
export function rangeOf(values: readonly number[]): Range | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  return { low: sorted[0]!, likely: sorted[Math.floor((sorted.length - 1) / 2)]!, high: sorted.at(-1)! };
}

export function addRanges(a: Range, b: Range): Range {
  return { low: a.low + b.low, likely: a.likely + b.likely, high: a.high + b.high };
}

export function mapRange(range: Range, change: (value: number) => number): Range {
  return { low: change(range.low), likely: change(range.likely), high: change(range.high) };
}

export const noRange: Range = { low: 0, likely: 0, high: 0 };
