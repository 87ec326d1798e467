import { Button } from '@mantine/core';
import { IconShieldHalf } from '@tabler/icons-react';
import { useState } from 'react';
import { useRoute } from '../../api/queries.tsx';
import { migrationTexts } from '../../texts/migration.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { formatBytes, formatNumber, formatTime } from '../../ui/format.ts';
import { Section } from '../../ui/page-header.tsx';
import { EmptyState, Loaded } from '../../ui/states.tsx';
import { When } from '../../ui/values.tsx';
import classes from './migration.module.css';
import { Proof } from './newest-point.tsx';
import type { Migration, RecoveryPoint } from './next-step.ts';
import { useDiskNames } from './use-disk-names.ts';
import type { MigrationActions } from './use-migration-actions.ts';

const texts = migrationTexts.point;
/** Shown before one asks for all. */
const FIRST = 25;

/** What the target holds, and what proves it. */
export function PointsTab({ migration, actions }: { migration: Migration; actions: MigrationActions }) {
  const points = useRoute('migrations.recoveryPoints', { params: { id: migration.id } });
  const diskName = useDiskNames(migration.machineId);
  const [all, setAll] = useState(false);
  return (
    <Loaded of={points}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState icon={IconShieldHalf} title={texts.emptyTitle} hint={texts.emptyHint} />
        ) : (
          <Section title={texts.list} hint={texts.hint}>
            <table className={classes.points}>
              <thead>
                <tr>
                  <th scope="col">{texts.takenAt}</th>
                  <th scope="col">{texts.proof}</th>
                  <th scope="col">{texts.roots}</th>
                  <th scope="col">
                    <span className="only-read">{migrationTexts.actions.menu}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {(all ? items : items.slice(0, FIRST)).map((point, index) => (
                  <Row key={point.id} point={point} newest={index === 0} diskName={diskName} actions={actions} />
                ))}
              </tbody>
            </table>
            {all || items.length <= FIRST ? null : (
              <Button variant="default" mt="sm" onClick={() => setAll(true)}>
                {texts.more(formatNumber(items.length))}
              </Button>
            )}
          </Section>
        )
      }
    </Loaded>
  );
}

interface RowProps {
  point: RecoveryPoint;
  newest: boolean;
  diskName: (key: number) => string;
  actions: MigrationActions;
}

function Row({ point, newest, diskName, actions }: RowProps) {
  const kind = migrationTexts.kinds[point.kind] ?? point.kind;
  return (
    <tr>
      <td>
        <div>
          <When at={point.takenAt} />
        </div>
        <div className={`${classes.small} tabular`}>{formatTime(point.takenAt)}</div>
        <div className={classes.small}>{newest ? `${kind}, ${texts.newest}` : kind}</div>
      </td>
      <td>
        <Proof point={point} brief />
        {point.doubts.map((doubt) => (
          <div key={doubt} className={classes.small}>
            {doubt}
          </div>
        ))}
      </td>
      <td>
        <dl className={classes.roots}>
          {point.disks.flatMap(({ key, manifestRoot, algorithm, capacity }) => [
            <dt key={`${key} name`} title={`${algorithm}, ${formatBytes(capacity)}`}>
              {diskName(key)}
            </dt>,
            <dd key={key}>
              <CopyText text={manifestRoot} />
            </dd>,
          ])}
        </dl>
      </td>
      <td>
        {actions.may ? (
          <Button
            variant="default"
            disabled={actions.pending || actions.hindrance('verify') !== undefined}
            onClick={() => actions.verify(point.id)}
            aria-label={texts.verifyPoint(formatTime(point.takenAt))}
          >
            {texts.verifyNow}
          </Button>
        ) : null}
      </td>
    </tr>
  );
}
