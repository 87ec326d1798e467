import type { CellState } from '../ui/disk-map/cell-state.ts';
import type { CellRange, DiskGeometry } from '../ui/disk-map/geometry.ts';
import type { StateTotal } from '../ui/disk-map/summary.ts';
import { formatDuration as duration, formatNumber as integer, formatPercent as percent, formatBytes as size } from '../ui/format.ts';
import type { CutoverStep, RunStep, StepState } from '../ui/phase-timeline/timeline.ts';
import type { ThroughputFigures, ThroughputSpan } from '../ui/throughput-chart/series.ts';

const stateWords: Record<CellState, string> = {
  waiting: 'Waiting',
  copied: 'Copied',
  zero: 'Zero',
  unchanged: 'Unchanged',
  'changed-again': 'Changed again',
  verified: 'Verified',
  unknown: 'Unknown',
};

const stateMeanings: Record<CellState, string> = {
  waiting: 'Not yet copied in this run.',
  copied: 'At the target, not yet read back.',
  zero: 'Holds only zeroes: nothing had to be sent.',
  unchanged: 'The target had it already: nothing had to be sent.',
  'changed-again': 'Written at the source since it was copied: the next run copies it again.',
  verified: 'Read back from the target and compared.',
  unknown: 'Nothing is known of it.',
};

/** Ascending. */
const units = ['KiB', 'MiB', 'GiB', 'TiB'].map((name, power) => ({ name, bytes: 1024 ** (power + 1) }));

/** Exact, in the largest unit that divides both ends. */
function rangeText({ start, end }: CellRange): string {
  const unit = units.findLast(({ bytes }) => start % bytes === 0 && end % bytes === 0);
  if (!unit) return `bytes ${integer(start)} to ${integer(end)}`;
  return `${integer(start / unit.bytes)} to ${integer(end / unit.bytes)} ${unit.name}`;
}

export const diskMapTexts = {
  state: (state: CellState) => stateWords[state],
  meaning: (state: CellState) => stateMeanings[state],
  area: (disk: string) => `Map of ${disk}. The arrow keys move from cell to cell.`,
  summary: (disk: string, geometry: DiskGeometry, totals: readonly StateTotal[]) => {
    const parts = totals.filter(({ blocks }) => blocks > 0);
    const told = parts.map(({ state, blocks, share }) => `${stateWords[state].toLowerCase()} ${percent(share)} (${integer(blocks)})`);
    return `${disk}: ${integer(geometry.blocks)} blocks, ${size(geometry.capacity)}. ${told.join(', ') || 'No blocks'}.`;
  },
  scale: ({ blocksPerCell, blockSize, capacity, blocks }: DiskGeometry) =>
    blocks === 0
      ? 'This disk has no blocks.'
      : blocksPerCell === 1
        ? `${size(capacity)} · a cell is one block of ${size(blockSize)}`
        : `${size(capacity)} · a cell is ${integer(blocksPerCell)} blocks of ${size(blockSize)}`,
  cell: (range: CellRange, state: CellState) =>
    range.firstBlock === range.lastBlock
      ? `Block ${integer(range.firstBlock)}, ${rangeText(range)}: ${stateWords[state].toLowerCase()}`
      : `Blocks ${integer(range.firstBlock)} to ${integer(range.lastBlock)}, ${rangeText(range)}: ${stateWords[state].toLowerCase()}`,
  blocks: (blocks: number) => (blocks === 1 ? '1 block' : `${integer(blocks)} blocks`),
  amount: ({ bytes, share }: StateTotal) => `${size(bytes)} · ${percent(share)}`,
};

/** Always MiB/s, like the axis: rates of one chart are compared at a glance. */
const rate = (bytesPerSecond: number) => {
  const value = bytesPerSecond / 2 ** 20;
  return `${integer(value, value < 100 ? 1 : 0)} MiB/s`;
};

export const throughputTexts = {
  rate,
  now: 'Sent now',
  readBack: 'Read back',
  readingBackNow: 'Reading back',
  readingBack: (bytesPerSecond: number) => `read back ${rate(bytesPerSecond)}`,
  mean: 'Mean',
  highest: 'Highest',
  axis: (value: number) => integer(value, 2),
  none: 'Nothing was measured in this time.',
  label: (span: ThroughputSpan) => (span === 'recent' ? 'Throughput of the last ten minutes' : 'Throughput of the run'),
  summary: (
    span: ThroughputSpan,
    figures: ThroughputFigures | undefined,
    current: { sent: number | undefined; readBack: number | undefined } | undefined,
  ) => {
    if (!figures) return `${throughputTexts.label(span)}. ${throughputTexts.none}`;
    const told = [
      current?.sent === undefined ? undefined : `now ${rate(current.sent)}`,
      figures.mean === undefined ? undefined : `mean ${rate(figures.mean)}`,
      figures.highest === undefined ? undefined : `highest ${rate(figures.highest)}`,
      current?.readBack === undefined ? undefined : `reading back ${rate(current.readBack)}`,
      `over ${duration(figures.duration)}`,
    ];
    return `${throughputTexts.label(span)}: ${told.filter((text) => text !== undefined).join(', ')}.`;
  },
};

const runWords: Record<RunStep, string> = {
  tracking: 'Tracking',
  snapshot: 'Snapshot',
  changes: 'Changes',
  replica: 'Replica',
  transfer: 'Copy',
  verify: 'Verify',
  commit: 'Commit',
  cleanup: 'Clean up',
  prune: 'Retention',
};

const runMeanings: Record<RunStep, string> = {
  tracking: 'Changed block tracking is on and can be trusted.',
  snapshot: 'The machine is frozen in a snapshot.',
  changes: 'The source is asked what has changed.',
  replica: 'The replica at the target is prepared.',
  transfer: 'Blocks are read, compared and sent.',
  verify: 'Blocks are read back from the target and compared.',
  commit: 'The recovery point is made.',
  cleanup: 'The snapshot is removed.',
  prune: 'Recovery points that are no longer kept are removed.',
};

const cutoverWords: Record<CutoverStep, string> = {
  'pre-sync': 'Last runs',
  'pre-boot-check': 'Boot check before',
  'power-off': 'Power off',
  'final-run': 'Final run',
  'boot-check': 'Boot check',
  start: 'Start',
  finished: 'Finished',
};

const cutoverMeanings: Record<CutoverStep, string> = {
  'pre-sync': 'Runs until little is left for the time when the machine is off.',
  'pre-boot-check': 'The replica is started apart, to see that it boots, while the source still works.',
  'power-off': 'The machine is shut down at the source.',
  'final-run': 'What changed until the power-off is copied.',
  'boot-check': 'The replica is started apart, to see that it boots.',
  start: 'The machine starts at the target.',
  finished: 'The machine runs at the target.',
};

export const timelineTexts = {
  run: 'Phases of the run',
  cutover: 'Phases of the cutover',
  word: (id: string) => ({ ...runWords, ...cutoverWords })[id] ?? id,
  meaning: (id: string) => ({ ...runMeanings, ...cutoverMeanings })[id],
  state: (state: StepState) =>
    ({
      done: 'Done',
      now: 'Now',
      waiting: 'Waiting',
      unreached: 'Not reached',
      failed: 'Failed',
      stopped: 'Stopped',
      cancelled: 'Cancelled',
      interrupted: 'Interrupted',
    })[state],
  duration,
};

export const usageTexts = {
  moved: 'Moved',
  saved: 'Saved',
  day: 'Day',
  none: 'Nothing was moved yet.',
  amount: size,
  caption: (days: number) => `Moved and saved a day, last ${days} days`,
  summary: (days: number, moved: number, saved: number) => `${size(moved)} moved and ${size(saved)} saved in the last ${days} days.`,
};
