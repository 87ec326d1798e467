import { Button } from '@mantine/core';
import { useRoute } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import type { ScreenProps } from '../../screen-props.ts';
import { useMay } from '../../stores/session.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader, TabLinks } from '../../ui/page-header.tsx';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import { ActionsMenu } from './actions-menu.tsx';
import { Dialogs } from './dialogs.tsx';
import type { Names } from './facts.tsx';
import classes from './migration.module.css';
import { MigrationState } from './migration-state.tsx';
import type { Migration } from './next-step.ts';
import { NextStepBar } from './next-step-bar.tsx';
import { NowTab } from './now-tab.tsx';
import { PointsTab } from './points-tab.tsx';
import { RunsTab } from './runs-tab.tsx';
import { SettingsTab } from './settings-tab.tsx';
import { useMigrationActions } from './use-migration-actions.ts';

const parts = ['now', 'points', 'runs', 'settings'] as const;
type Part = (typeof parts)[number];

export default function MigrationScreen({ params }: ScreenProps) {
  const id = params.id ?? '';
  const migration = useRoute('migrations.get', { params: { id } });
  const part = parts.find((one) => one === params.part) ?? 'now';
  // It was removed, or is no longer shared, while one looked.
  const gone = migration.error?.code === 'not.found';
  if (migration.data && !gone) return <Shown key={id} migration={migration.data} part={part} />;
  return (
    <div className={classes.root}>
      <PageHeader
        title={screenTexts.migration}
        actions={
          <Button variant="default" component="a" href={hrefOf('/migrations')}>
            {texts.toList}
          </Button>
        }
      />
      {migration.error ? <ErrorState error={migration.error} onRetry={() => void migration.refetch()} /> : <LoadingRows />}
    </div>
  );
}

function Shown({ migration, part }: { migration: Migration; part: Part }) {
  const schedules = useRoute('schedules.list', { query: { migrationId: migration.id } }).data?.items;
  const actions = useMigrationActions(migration, schedules);
  const names = useNames(migration);
  const path = (to: Part) => `/migrations/${migration.id}${to === 'now' ? '' : `/${to}`}`;
  return (
    <div className={classes.root}>
      <PageHeader
        title={migration.machineName || texts.unnamed}
        hint={<Subtitle migration={migration} names={names} />}
        actions={<ActionsMenu migration={migration} actions={actions} />}
      />
      <NextStepBar migration={migration} schedules={schedules} actions={actions} />
      <TabLinks
        label={texts.tabs.label}
        tabs={parts.map((one) => ({ href: hrefOf(path(one)), text: texts.tabs[one], current: one === part }))}
      />
      {part === 'now' ? <NowTab migration={migration} schedules={schedules} names={names} actions={actions} /> : null}
      {part === 'points' ? <PointsTab migration={migration} actions={actions} /> : null}
      {part === 'runs' ? <RunsTab migration={migration} /> : null}
      {part === 'settings' ? <SettingsTab migration={migration} names={names} actions={actions} /> : null}
      <Dialogs migration={migration} actions={actions} />
    </div>
  );
}

function Subtitle({ migration, names }: { migration: Migration; names: Names }) {
  return (
    <span className={classes.subtitle}>
      <MigrationState migration={migration} />
      <span>
        {names.source === undefined ? null : (
          <>
            {texts.from} <a href={hrefOf(`/sources/${migration.sourceId}`)}>{names.source}</a>{' '}
          </>
        )}
        {names.target === undefined ? null : (
          <>
            {texts.to} <a href={hrefOf(`/targets/${migration.targetId}`)}>{names.target}</a>
          </>
        )}
      </span>
    </span>
  );
}

function useNames(migration: Migration): Names {
  const sources = useRoute('sources.list').data?.items;
  const targets = useRoute('targets.list').data?.items;
  const people = useRoute('users.choices', {}, { enabled: useMay('operator') }).data?.items;
  return {
    source: sources?.find(({ id }) => id === migration.sourceId)?.name,
    target: targets?.find(({ id }) => id === migration.targetId)?.name,
    owner: people?.find(({ id }) => id === migration.ownerId)?.name,
  };
}
