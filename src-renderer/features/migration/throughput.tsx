import { SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useLiveRun } from '../../stores/live.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { Section } from '../../ui/page-header.tsx';
import type { ThroughputSpan } from '../../ui/throughput-chart/series.ts';
import { ThroughputChart } from '../../ui/throughput-chart/throughput-chart.tsx';
import { useNow } from '../../ui/values.tsx';
import { BandwidthLimit } from './bandwidth-limit.tsx';
import { BytesOfRun } from './bytes-of-run.tsx';
import classes from './migration.module.css';
import type { Migration, Run } from './next-step.ts';

/** Bytes a second of the run that goes on, or of the last one this client heard of; and what became of them. */
export default function Throughput({ migration, run, may }: { migration: Migration; run: Run; may: boolean }) {
  const [span, setSpan] = useState<ThroughputSpan>('run');
  const live = useLiveRun(migration.id);
  const running = live?.state === 'running';
  const now = useNow(running ? 1000 : 60_000);
  const counted = live?.samples;
  const samples = useMemo(() => {
    // The present second is not over: it would look like a fall.
    const whole = running ? counted?.slice(0, -1) : counted;
    return whole?.map(({ at, read, verified }) => ({ at: at * 1000, bytesPerSecond: read + verified })) ?? [];
  }, [counted, running]);
  return (
    <Section
      title={texts.throughput.title}
      actions={
        <>
          <BandwidthLimit migration={migration} may={may} />
          {samples.length > 1 ? (
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
        </>
      }
    >
      {samples.length > 1 ? (
        <ThroughputChart samples={samples} span={span} height={130} {...(running ? { now } : {})} />
      ) : run.state === 'running' ? (
        <p className={classes.quiet}>{texts.throughput.waiting}</p>
      ) : null}
      <BytesOfRun migrationId={migration.id} run={run} />
    </Section>
  );
}
