import { SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import { type Sample, useLiveRun } from '../../stores/live.ts';
import { progressOfRun } from '../../stores/run-progress.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { Section } from '../../ui/page-header.tsx';
import type { ThroughputSample, ThroughputSpan } from '../../ui/throughput-chart/series.ts';
import { ThroughputChart } from '../../ui/throughput-chart/throughput-chart.tsx';
import { useNow } from '../../ui/values.tsx';
import { BandwidthLimit } from './bandwidth-limit.tsx';
import { BytesOfRun, countsOf, meanOf } from './bytes-of-run.tsx';
import classes from './migration.module.css';
import type { Migration, Run } from './next-step.ts';

/** CSS pixels of the chart, and of the figures above it: kept free until there is one. */
const CHART = 130;
const FIGURES = 21;

/** Bytes a second that the run sends, as far as this client heard of it; and what became of what it read. */
export default function Throughput({ migration, run, may }: { migration: Migration; run: Run; may: boolean }) {
  const [span, setSpan] = useState<ThroughputSpan>('run');
  const heard = useLiveRun(migration.id);
  // Of a former run nothing is told under the name of this one.
  const live = heard?.runId === run.id ? heard : undefined;
  const running = run.state === 'running' && live?.state === 'running';
  const now = useNow(running ? 1000 : 60_000);
  const counted = live?.samples;
  const samples = useMemo(() => {
    // The present second is not over: it would look like a fall.
    const whole = running ? counted?.slice(0, -1) : counted;
    return whole?.map(sampleOf) ?? [];
  }, [counted, running]);
  const begun = Object.values(live?.disks ?? {}).some(({ done }) => done > 0);
  const progress = running ? progressOfRun(live, now) : undefined;
  const charted = samples.length > 1 || run.state === 'running';
  const counts = countsOf(run, live?.disks);
  const mean = meanOf(run, counts);
  return (
    <Section
      title={texts.throughput.title}
      actions={
        <>
          {charted ? (
            <SegmentedControl
              aria-label={texts.throughput.span}
              value={span}
              onChange={(value) => setSpan(value as ThroughputSpan)}
              data={[
                { value: 'run', label: texts.throughput.run },
                { value: 'recent', label: texts.throughput.recent },
              ]}
            />
          ) : null}
          <BandwidthLimit migration={migration} may={may} />
        </>
      }
    >
      {samples.length > 1 ? (
        <ThroughputChart
          samples={samples}
          span={span}
          height={CHART}
          {...(mean === undefined || span !== 'run' ? {} : { mean })}
          {...(running ? { now, current: { sent: progress?.rate, readBack: progress?.readBack } } : {})}
        />
      ) : charted ? (
        <div className={classes.waiting} style={{ height: CHART + FIGURES }}>
          {begun ? null : <p className={classes.quiet}>{texts.throughput.waiting}</p>}
        </div>
      ) : null}
      <BytesOfRun counts={counts} mean={charted ? undefined : mean} />
    </Section>
  );
}

/** While it only reads back, nothing is to be sent: that is no fall of the throughput. */
function sampleOf({ at, read, sent, verified }: Sample): ThroughputSample {
  return { at: at * 1000, sent: verified > 0 && read === 0 ? undefined : sent, readBack: verified };
}
