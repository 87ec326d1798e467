import { useRoute } from '../../api/queries.tsx';
import { migrationTexts } from '../../texts/migration.ts';
import { formatDuration, formatNumber } from '../../ui/format.ts';
import { Section } from '../../ui/page-header.tsx';
import { Loaded } from '../../ui/states.tsx';
import classes from './migration.module.css';

const texts = migrationTexts.forecast;

/** How long the machine would be off in a cutover now, and what says so. */
export function ForecastSection({ migrationId }: { migrationId: string }) {
  const forecast = useRoute('migrations.forecast', { params: { id: migrationId } });
  return (
    <Section title={texts.title}>
      <Loaded of={forecast} rows={3}>
        {({ downtimeMs, parts, basedOnRuns }) =>
          downtimeMs === undefined ? (
            <p className={classes.quiet}>{texts.unknown}</p>
          ) : (
            <>
              <div>
                <span className={classes.big}>{formatDuration(downtimeMs.likely)}</span>{' '}
                <span className={`${classes.small} tabular`}>{rangeText(downtimeMs)}</span>
              </div>
              <ul className={classes.parts}>
                {parts.map(({ id, ms, basis, measured }) => (
                  <li key={id}>
                    <div className={classes.partHead}>
                      <span>{texts.parts[id]}</span>
                      <span>
                        {formatDuration(ms.likely)} <span className={classes.small}>{measured ? texts.measured : texts.assumed}</span>
                      </span>
                    </div>
                    <div className={classes.small}>{basis}</div>
                  </li>
                ))}
              </ul>
              {basedOnRuns > 0 ? <p className={classes.small}>{texts.runs(formatNumber(basedOnRuns))}</p> : null}
            </>
          )
        }
      </Loaded>
    </Section>
  );
}

/** Nothing where both ends read the same. */
export function rangeText({ low, high }: { low: number; high: number }): string {
  const [from, to] = [formatDuration(low), formatDuration(high)];
  return from === to ? '' : texts.range(from, to);
}
