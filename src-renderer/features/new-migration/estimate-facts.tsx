import { newMigrationTexts } from '../../texts/new-migration.ts';
import { formatBytes, formatDuration, formatRate } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import classes from './new-migration.module.css';
import type { Estimated } from './use-estimate.ts';

const texts = newMigrationTexts.estimate;

interface Range {
  low: number;
  likely: number;
  high: number;
}

/** What the first runs send, take and last, as honest ranges. */
export function EstimateFacts({ estimate, free }: { estimate: Estimated; free: number | undefined }) {
  const { total, limit } = estimate;
  return (
    <section className={classes.part}>
      <h3>{texts.title}</h3>
      {total ? (
        <>
          <div className={classes.panel}>
            <dl className={classes.estimate}>
              <Fact name={texts.capacity} value={formatBytes(total.capacity)} />
              <RangeFact name={texts.moved} range={total.moved} format={formatBytes} />
              <RangeFact name={texts.stored} range={total.stored} format={formatBytes} />
              {total.ms ? (
                <RangeFact
                  name={texts.time}
                  range={total.ms}
                  format={formatDuration}
                  more={limit && texts.byLimit[limit.of](formatRate(limit.bytesPerSecond))}
                />
              ) : null}
              {free === undefined ? null : <Fact name={texts.free} value={formatBytes(free)} />}
            </dl>
          </div>
          <p className={classes.hint}>{estimate.basis}</p>
          {/* Of a single machine the checks tell it. */}
          {estimate.machines > 1 && free !== undefined && free < total.stored.high ? <Notice tone="warn">{texts.tight}</Notice> : null}
        </>
      ) : estimate.error ? (
        <ErrorState error={estimate.error} onRetry={estimate.refetch} />
      ) : (
        <LoadingRows rows={2} />
      )}
    </section>
  );
}

function RangeFact({
  name,
  range,
  format,
  more,
}: {
  name: string;
  range: Range;
  format(value: number): string;
  more?: string | undefined;
}) {
  const likely = texts.likely(format(range.likely));
  const under = more === undefined ? likely : `${likely}, ${more}`;
  return <Fact name={name} value={texts.range(format(range.low), format(range.high))} under={under} />;
}

function Fact({ name, value, under }: { name: string; value: string; under?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {under === undefined ? null : <small>{under}</small>}
      </dd>
    </div>
  );
}
