import { schedulesTexts as texts } from '../../texts/schedules.ts';
import { formatDuration, formatMoment, ownZone } from '../../ui/format.ts';
import { KeyValue } from '../../ui/page-header.tsx';
import classes from './schedules.module.css';
import { type Schedule, timingInWords, windowInWords } from './timing-words.ts';

/** All of a schedule in words. */
export function ScheduleFacts({ schedule: { timing, windows, jitterMs, enabled, nextAt } }: { schedule: Schedule }) {
  const zone = timing.type === 'cron' ? timing.zone : undefined;
  return (
    <div className={classes.facts}>
      <KeyValue
        items={[
          [texts.columns.when, `${timingInWords(timing)}${zone === undefined ? '' : ` (${zone})`}`],
          [texts.columns.next, enabled && nextAt !== undefined ? `${formatMoment(nextAt)} (${ownZone()})` : texts.none],
          [
            '',
            enabled && nextAt !== undefined && zone !== undefined && zone !== ownZone()
              ? `${formatMoment(nextAt, zone)} (${zone})`
              : undefined,
          ],
          [
            texts.columns.windows,
            windows.length === 0 ? undefined : windows.map((window) => `${windowInWords(window)} (${window.zone})`).join('; '),
          ],
          [texts.columns.jitter, jitterMs === 0 ? undefined : formatDuration(jitterMs)],
        ]}
      />
    </div>
  );
}
