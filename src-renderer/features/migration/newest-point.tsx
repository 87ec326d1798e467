import { Button } from '@mantine/core';
import { useRoute } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { migrationTexts } from '../../texts/migration.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { Section } from '../../ui/page-header.tsx';
import { Loaded } from '../../ui/states.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { When } from '../../ui/values.tsx';
import classes from './migration.module.css';
import type { Migration, RecoveryPoint } from './next-step.ts';
import { useDiskNames } from './use-disk-names.ts';
import type { MigrationActions } from './use-migration-actions.ts';

const texts = migrationTexts.point;

/** The proof at a glance: when, by what, and the roots to compare with. */
export function NewestPoint({ migration, actions }: { migration: Migration; actions: MigrationActions }) {
  const points = useRoute('migrations.recoveryPoints', { params: { id: migration.id } });
  const diskName = useDiskNames(migration.machineId);
  return (
    <Section title={texts.title}>
      <Loaded of={points} rows={3}>
        {({ items: [newest] }) =>
          newest === undefined ? (
            <p className={classes.quiet}>{texts.none}</p>
          ) : (
            <>
              <Proof point={newest} />
              <dl className={classes.rootsSide}>
                {newest.disks.slice(0, 4).map(({ key, manifestRoot }) => (
                  <div key={key}>
                    <dt>{texts.root(diskName(key))}</dt>
                    <dd>
                      <CopyText text={manifestRoot} />
                    </dd>
                  </div>
                ))}
              </dl>
              <div className={classes.progressLine}>
                {actions.may ? (
                  <Button
                    variant="default"
                    onClick={() => actions.do('verify')}
                    disabled={actions.pending || actions.hindrance('verify') !== undefined}
                  >
                    {texts.verifyNow}
                  </Button>
                ) : null}
                <a className={classes.link} href={hrefOf(`/migrations/${migration.id}/points`)}>
                  {texts.all}
                </a>
              </div>
            </>
          )
        }
      </Loaded>
    </Section>
  );
}

/** Whether the point is what its manifest says, when that was found out, and how. */
export function Proof({ point, brief }: { point: RecoveryPoint; brief?: boolean }) {
  const by = texts.by[`${point.verifiedBy} ${point.verified}`];
  return (
    <div>
      <StatusBadge state={point.outcome} />
      {brief ? null : (
        <>
          {' '}
          <span className={classes.small}>
            {texts.takenAt} <When at={point.takenAt} />
          </span>
        </>
      )}
      <div className={classes.small}>
        <When at={point.verifiedAt} /> {by}
      </div>
      {point.mismatch === undefined ? null : <div>{point.mismatch}</div>}
    </div>
  );
}
