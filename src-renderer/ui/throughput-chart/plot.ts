import uPlot from 'uplot';
import { throughputTexts as texts } from '../../texts/graphics.ts';
import { chartColours } from './colours.ts';
import { timeLabels } from './labels.ts';
import type { ThroughputSeries } from './series.ts';

export interface PlotState {
  data: ThroughputSeries;
  /** Seconds since 1970. */
  range: [number, number];
  scheme: keyof typeof chartColours;
}

/** A point that the pointer is near to, in CSS pixels of the plotted area. */
export interface PlotPoint {
  index: number;
  left: number;
}

export interface Plot {
  update(state: PlotState): void;
  resize(width: number, height: number): void;
  close(): void;
}

/** Below this a quiet line would be drawn as a mountain range. MiB/s. */
const leastTop = 1;

export function createPlot(
  root: HTMLElement,
  size: { width: number; height: number },
  first: PlotState,
  onPoint: (point: PlotPoint | undefined) => void,
): Plot {
  let state = first;
  const colours = () => chartColours[state.scheme];
  const font = `11px ${getComputedStyle(root).fontFamily}`;
  const axis = { font, stroke: () => colours().text, ticks: { show: false }, grid: { stroke: () => colours().grid, width: 1 } };
  const chart = new uPlot(
    {
      ...size,
      // At the right, half of a time that stands at the very end.
      padding: [8, 36, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { size: 7 } },
      scales: {
        // Set with each update, or else the library would fit it to the samples.
        x: { time: true, range: () => state.range },
        y: { range: (_chart, _least, most) => [0, Math.max(leastTop, (most ?? 0) * 1.1)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 72,
          size: 28,
          values: (_chart, splits) => timeLabels(splits, state.range[1] - state.range[0]),
        },
        {
          ...axis,
          space: 32,
          size: 44,
          gap: 6,
          values: (_chart, splits) => splits.map(texts.axis),
        },
      ],
      series: [
        {},
        {
          stroke: () => colours().line,
          fill: () => colours().fill,
          width: 1.5,
          points: { show: () => isAlone(state.data[1]), size: 6 },
          spanGaps: false,
        },
        // Drawn as a band: beside it, what is sent would be a flat line.
        { show: false },
      ],
      hooks: {
        drawClear: [(chart) => drawBands(chart, state.data, colours().back)],
        setCursor: [
          ({ cursor }) => {
            const index = cursor.idx;
            const there = typeof index === 'number' && (cursor.left ?? -1) >= 0 && (state.data[1][index] ?? state.data[2][index]) != null;
            onPoint(there ? { index, left: cursor.left! } : undefined);
          },
        ],
      },
    },
    first.data,
    root,
  );
  return {
    update(next) {
      state = next;
      // The scales follow by their own ranges.
      chart.setData(next.data, true);
    },
    resize(width, height) {
      chart.setSize({ width, height });
    },
    close() {
      chart.destroy();
    },
  };
}

/** Where something was read back. */
function drawBands({ ctx, bbox, valToPos }: uPlot, [seconds, , readBack]: ThroughputSeries, colour: string): void {
  ctx.save();
  ctx.fillStyle = colour;
  for (const [index, rate] of readBack.entries()) {
    if (rate === null) continue;
    const at = seconds[index]!;
    const before = seconds[index - 1];
    // A sample tells of the second before it, or of the stretch since the last one.
    const from = before === undefined || readBack[index - 1] === null ? at - 1 : before;
    const left = Math.max(bbox.left, valToPos(from, 'x', true));
    const right = Math.min(bbox.left + bbox.width, valToPos(at, 'x', true));
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
}

/** Of one second there is no line. */
const isAlone = (rates: readonly (number | null)[]) => rates.filter((rate) => rate !== null).length === 1;
