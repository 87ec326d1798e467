import { Button, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPlus, IconSearch, IconTransfer } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { Input } from '../../../src-preload/contract/routes.ts';
import { usePages, useRoute } from '../../api/queries.tsx';
import { go, hrefOf } from '../../go.ts';
import { filterMigrations, useMigrationFilter } from '../../stores/migration-filter.ts';
import { useMay } from '../../stores/session.ts';
import { migrationsTexts as texts } from '../../texts/migrations.ts';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import type { Selection } from '../../ui/selection.ts';
import { EmptyState, ErrorState, LoadingRows, NoneFound } from '../../ui/states.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { nextOf, type Schedule } from '../migration/next-step.ts';
import { BulkActions } from './bulk-actions.tsx';
import { columns, type Row } from './columns.tsx';
import classes from './migrations.module.css';

type Query = NonNullable<Input<'migrations.list'>['query']>;
type Filter = keyof typeof texts.filters;

const filterData = Object.entries(texts.filters).map(([value, label]) => ({ value, label }));

function queryOf(text: string, filter: Filter): Query {
  return {
    limit: 100,
    ...(text === '' ? {} : { text }),
    ...(filter === 'active' || filter === 'cut-over' ? { state: filter } : {}),
    ...(filter === 'running' || filter === 'failed' || filter === 'paused' ? { only: filter } : {}),
  };
}

const idOf = ({ migration }: Row) => migration.id;
const nameOf = ({ migration }: Row) => migration.machineName;
const open = ({ migration }: Row) => go(`/migrations/${migration.id}`);
const none: Selection = new Set();

/** All migrations that the caller may see: how they are, and what they do this moment. */
export default function Migrations() {
  const may = useMay('operator');
  const [search, setSearch] = useState('');
  const filter: Filter = useMigrationFilter((store) => store.filter);
  const [selection, setSelection] = useState(none);
  const [text] = useDebouncedValue(search.trim(), 150);
  const pages = usePages('migrations.list', { query: queryOf(text, filter) }, { keepPrevious: true });
  const rows = useRows(pages.rows);
  const filtered = text !== '' || filter !== 'all';
  const clear = () => {
    setSearch('');
    filterMigrations('all');
  };
  const create = may ? (
    <Button component="a" href={hrefOf('/migrations/new')} leftSection={<IconPlus size={15} aria-hidden />}>
      {texts.create}
    </Button>
  ) : null;
  // What is selected and was filtered away is not acted upon unseen.
  const chosen = rows.filter((row) => selection.has(idOf(row))).map(idOf);
  return (
    <>
      <PageHeader title={screenTexts.migrations} actions={create} />
      {pages.data === undefined ? (
        pages.error ? (
          <ErrorState error={pages.error} onRetry={() => void pages.refetch()} />
        ) : (
          <LoadingRows />
        )
      ) : rows.length === 0 && !filtered ? (
        <EmptyState icon={IconTransfer} title={texts.emptyTitle} hint={may ? texts.emptyHint : texts.emptyViewer} actions={create} />
      ) : (
        <>
          <div className={classes.bar}>
            {chosen.length > 0 ? (
              <BulkActions ids={chosen} onDone={() => setSelection(none)} />
            ) : (
              <>
                <TextInput
                  type="search"
                  aria-label={texts.search}
                  placeholder={texts.search}
                  leftSection={<IconSearch size={15} aria-hidden />}
                  value={search}
                  onChange={(event) => setSearch(event.currentTarget.value)}
                  w={240}
                />
                <Select
                  aria-label={texts.filter}
                  data={filterData}
                  value={filter}
                  onChange={(value) => filterMigrations((value ?? 'all') as Filter)}
                  allowDeselect={false}
                  w={170}
                />
              </>
            )}
          </div>
          <div className={classes.table}>
            <VirtualTable
              label={texts.list}
              columns={columns}
              rows={rows}
              rowId={idOf}
              rowName={nameOf}
              endless={pages.hasNextPage}
              onNeedMore={pages.more}
              onOpen={open}
              {...(may ? { selection, onSelection: setSelection } : {})}
              empty={<NoneFound title={texts.noneTitle} hint={texts.noneHint} clear={texts.clear} onClear={clear} />}
            />
          </div>
        </>
      )}
    </>
  );
}

/** With what their ids are called, and when their schedules begin them next. */
function useRows(migrations: readonly Row['migration'][]): readonly Row[] {
  const targets = useRoute('targets.list').data?.items;
  const schedules = useRoute('schedules.list').data?.items;
  return useMemo(() => {
    const names = new Map(targets?.map(({ id, name }) => [id, name]));
    const of = new Map<string, Schedule[]>();
    for (const schedule of schedules ?? []) {
      if (schedule.migrationId === undefined) continue;
      const others = of.get(schedule.migrationId);
      if (others) others.push(schedule);
      else of.set(schedule.migrationId, [schedule]);
    }
    return migrations.map((migration) => ({
      migration,
      target: names.get(migration.targetId),
      next: nextOf('run', of.get(migration.id) ?? [], migration),
    }));
  }, [migrations, targets, schedules]);
}
