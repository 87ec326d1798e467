import { hrefOf } from '../../go.ts';
import { migrationTexts } from '../../texts/migration.ts';
import { formatDay, formatNumber } from '../../ui/format.ts';
import { KeyValue, Section } from '../../ui/page-header.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Duration, When } from '../../ui/values.tsx';
import { limitText } from './bandwidth-limit.tsx';
import classes from './migration.module.css';
import { downtimeOf, type Migration, nextOf, type Schedule, schedulesOff } from './next-step.ts';

const texts = migrationTexts.facts;

/** What ids are called; undefined where nobody knows. */
export interface Names {
  source: string | undefined;
  target: string | undefined;
  owner: string | undefined;
}

export function Facts({ migration, schedules, names }: { migration: Migration; schedules: readonly Schedule[] | undefined; names: Names }) {
  const { machineId, machineName, sourceId, targetId, settings } = migration;
  const nextRun = nextOf('run', schedules ?? [], migration);
  const nextCutover = nextOf('cutover', schedules ?? [], migration);
  const off = schedulesOff(schedules, migration);
  const nothing = off === undefined ? texts.nothing : off.byCutover ? texts.offByCutover : texts.off;
  const { lastCutover } = migration;
  const downtime = lastCutover && downtimeOf(lastCutover);
  const link = (href: string, text: string) => (
    <a className={classes.link} href={hrefOf(href)}>
      {text}
    </a>
  );
  return (
    <Section title={texts.title}>
      <KeyValue
        items={[
          [texts.machine, link(`/machines/${machineId}`, machineName || migrationTexts.unnamed)],
          [texts.source, names.source === undefined ? undefined : link(`/sources/${sourceId}`, names.source)],
          [texts.target, names.target === undefined ? undefined : link(`/targets/${targetId}`, names.target)],
          [texts.owner, names.owner],
          [
            texts.nextSync,
            migration.paused ? texts.paused : nextRun === undefined ? schedules && nothing : <When key="run" at={nextRun} />,
          ],
          [texts.nextCutover, nextCutover === undefined ? undefined : <When key="cutover" at={nextCutover} />],
          [
            texts.lastCutover,
            lastCutover?.endedAt === undefined ? undefined : (
              <span key="last">
                <StatusBadge state={lastCutover.state} /> <When at={lastCutover.endedAt} />
              </span>
            ),
          ],
          [migrationTexts.outage.wasOff, downtime === undefined ? undefined : <Duration key="downtime" value={downtime} />],
          [texts.limit, settings.bandwidthLimit > 0 || migration.bandwidthLimitOfAll !== undefined ? limitText(migration) : undefined],
          [texts.keep, texts.kept(formatNumber(settings.keep))],
          [texts.made, formatDay(migration.createdAt)],
        ]}
      />
    </Section>
  );
}
