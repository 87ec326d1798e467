import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useMemo, useRef, useState } from 'react';
import { throughputTexts as texts } from '../../texts/graphics.ts';
import { timeOf } from './labels.ts';
import { createPlot, type Plot, type PlotPoint } from './plot.ts';
import { figuresOf, peakOf, rangeOfSpan, seriesOf, smoothed, type ThroughputSample, type ThroughputSpan, within } from './series.ts';
import classes from './throughput-chart.module.css';
import { useChartRatio } from './use-chart-ratio.ts';

export interface ThroughputChartProps {
  /** Ascending. A new array for each new sample; kept for the whole run. */
  samples: readonly ThroughputSample[];
  span: ThroughputSpan;
  /** Milliseconds since 1970: the right edge of the last ten minutes. Without it, the last sample. */
  now?: number;
  /** Bytes a second at this moment; absent where nothing runs. */
  current?: { sent: number | undefined; readBack: number | undefined };
  /** Bytes a second, of the whole run, where it is known better than from the samples: the client may have come late. */
  mean?: number;
  /** CSS pixels. */
  height?: number;
}

const mebibyte = 2 ** 20;

/** Bytes a second over time. The chart is made once; samples only move it. */
export function ThroughputChart({ samples, span, now, current, mean, height = 160 }: ThroughputChartProps) {
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const { ref, width } = useElementSize<HTMLDivElement>();
  const ratio = useChartRatio();
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot>(undefined);
  const [point, setPoint] = useState<PlotPoint>();

  const state = useMemo(() => {
    const until = now ?? samples.at(-1)?.at ?? 0;
    const shown = within(samples, span, until);
    const calm = smoothed(shown);
    const figures = figuresOf(shown);
    return {
      // Of the whole time the mean is what it is; a peak is one of the line.
      figures: figures && { ...figures, ...(mean === undefined ? {} : { mean }), highest: peakOf(calm, mean ?? figures.mean) },
      data: seriesOf(calm),
      range: rangeOfSpan(shown, span, until),
      scheme,
    };
  }, [samples, span, now, mean, scheme]);
  const latest = useRef(state);
  latest.current = state;

  const measured = width > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: made when there is a width, and for another pixel ratio, which the library does not follow; the effects below do the rest
  useEffect(() => {
    if (!root.current || !measured) return;
    const made = createPlot(root.current, { width, height }, latest.current, setPoint);
    plot.current = made;
    return () => {
      plot.current = undefined;
      made.close();
    };
  }, [measured, ratio]);
  useEffect(() => plot.current?.update(state), [state]);
  useEffect(() => {
    if (width > 0) plot.current?.resize(width, height);
  }, [width, height]);

  const { figures, data } = state;
  const at = point && data[0][point.index];
  const sent = point && data[1][point.index];
  const readBack = point && data[2][point.index];
  const told = [
    sent == null ? undefined : texts.rate(sent * mebibyte),
    readBack == null ? undefined : texts.readingBack(readBack * mebibyte),
  ];
  const readsBack = data[2].some((rate) => rate !== null);
  return (
    <div className={classes.root}>
      <dl className={classes.figures}>
        {current?.sent !== undefined ? <Figure name={texts.now} value={current.sent} /> : null}
        <Figure name={texts.mean} value={figures?.mean} />
        <Figure name={texts.highest} value={figures?.highest} />
        {readsBack ? (
          <div className={classes.figure} data-line="back">
            <dt>{current?.readBack === undefined ? texts.readBack : texts.readingBackNow}</dt>
            <dd>{current?.readBack === undefined ? null : texts.rate(current.readBack)}</dd>
          </div>
        ) : null}
      </dl>
      <div ref={ref} className={classes.area} style={{ height }} role="img" aria-label={texts.summary(span, figures, current)}>
        <div ref={root} />
        {!figures && <span className={classes.none}>{texts.none}</span>}
        {point && at !== undefined && (sent ?? readBack) != null && (
          <span className={classes.tooltip} style={{ left: axisWidth + point.left }} data-left={point.left > width / 2 || undefined}>
            <strong>{told.filter((text) => text !== undefined).join(', ')}</strong> {timeOf(at)}
          </span>
        )}
      </div>
    </div>
  );
}

/** CSS pixels that the plotted area lies from the left edge: the size of the vertical axis. */
const axisWidth = 44;

function Figure({ name, value }: { name: string; value: number | undefined }) {
  return (
    <div className={classes.figure}>
      <dt>{name}</dt>
      <dd>{value === undefined ? '–' : texts.rate(value)}</dd>
    </div>
  );
}
