import { Button, Select, TextInput } from '@mantine/core';
import { IconPlus, IconSearch, IconTransfer } from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useRoute } from '../../api/queries.tsx';
import { useSearchedWindow, type WindowQuery } from '../../api/use-window.ts';
import { go, hrefOf } from '../../go.ts';
import { filterMigrations, useMigrationFilter } from '../../stores/migration-filter.ts';
import { useRowHeight } from '../../stores/preferences.ts';
import { useMay } from '../../stores/session.ts';
import { migrationsTexts as texts } from '../../texts/migrations.ts';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import type { Selection } from '../../ui/selection.ts';
import { EmptyState, ErrorState, LoadingRows, NoneFound } from '../../ui/states.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { BulkActions } from './bulk-actions.tsx';
import { columns, type Row } from './columns.tsx';
import classes from './migrations.module.css';

type Query = WindowQuery<'migrations.list'>;
type Sort = NonNullable<Query['sort']>;
type Filter = keyof typeof texts.filters;

const filterData = Object.entries(texts.filters).map(([value, label]) => ({ value, label }));

function queryOf(text: string, filter: Filter, sort: Sort): Query {
  return {
    sort,
    ...(text === '' ? {} : { text }),
    ...(filter === 'active' || filter === 'cut-over' ? { state: filter } : {}),
    ...(filter === 'running' || filter === 'failed' || filter === 'paused' || filter === 'behind' ? { only: filter } : {}),
  };
}

const idOf = ({ migration }: Row) => migration.id;
const nameOf = ({ migration }: Row) => migration.machineName;
const open = ({ migration }: Row) => go(`/migrations/${migration.id}`);
const sortBy = (sort: string) => useMigrationFilter.setState({ sort: sort as Sort });
const none: Selection = new Set();

/** All migrations that the caller may see: how they are, and what they do this moment. */
export default function Migrations() {
  const may = useMay('operator');
  const [search, setSearch] = useState('');
  const { filter, sort } = useMigrationFilter();
  const [selection, setSelection] = useState(none);
  const rowHeight = useRowHeight();
  const queryWith = useCallback((settled: string) => queryOf(settled, filter, sort), [filter, sort]);
  const list = useSearchedWindow('migrations.list', search.trim(), queryWith);
  const rows = useRows(list.rows);
  const filtered = list.settled !== '' || filter !== 'all';
  const clear = () => {
    setSearch('');
    filterMigrations('all');
  };
  const create = may ? (
    <Button component="a" href={hrefOf('/migrations/new')} leftSection={<IconPlus size={15} aria-hidden />}>
      {texts.create}
    </Button>
  ) : null;
  const forget = useCallback(() => setSelection(none), []);
  // What is selected and was filtered away is not acted upon unseen.
  const wanted = `${filter} ${list.settled}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: with another search or filter they are others
  useEffect(forget, [forget, wanted]);
  return (
    <>
      <PageHeader title={screenTexts.migrations} actions={create} />
      {list.total === undefined ? (
        list.error ? (
          <ErrorState error={list.error} onRetry={list.refetch} />
        ) : (
          <LoadingRows />
        )
      ) : list.total === 0 && !filtered ? (
        <EmptyState icon={IconTransfer} title={texts.emptyTitle} hint={may ? texts.emptyHint : texts.emptyViewer} actions={create} />
      ) : (
        <>
          <div className={classes.bar}>
            <TextInput
              type="search"
              aria-label={texts.search}
              placeholder={texts.search}
              leftSection={<IconSearch size={15} aria-hidden />}
              value={search}
              maxLength={200}
              onChange={(event) => setSearch(event.currentTarget.value)}
              w={240}
            />
            <Select
              aria-label={texts.filter}
              data={filterData}
              value={filter}
              onChange={(value) => filterMigrations((value ?? 'all') as Filter)}
              allowDeselect={false}
              w={200}
            />
          </div>
          <div className={classes.table}>
            <VirtualTable
              label={texts.list}
              columns={columns}
              rows={rows}
              total={list.total}
              rowId={idOf}
              rowName={nameOf}
              rowHeight={rowHeight}
              place={list.place}
              sort={sort}
              onSort={sortBy}
              onRange={list.onRange}
              onOpen={open}
              {...(may ? { selection, onSelection: setSelection, idsOf: list.idsOf } : {})}
              over={may && selection.size > 0 ? <BulkActions ids={[...selection]} onDone={forget} /> : undefined}
              empty={<NoneFound title={texts.noneTitle} hint={texts.noneHint} clear={texts.clear} onClear={clear} />}
            />
          </div>
        </>
      )}
    </>
  );
}

/** With what the ids of their targets are called. */
function useRows(migrations: readonly (Row['migration'] | undefined)[]): readonly (Row | undefined)[] {
  const targets = useRoute('targets.list').data?.items;
  return useMemo(() => {
    const names = new Map(targets?.map(({ id, name }) => [id, name]));
    return migrations.map((migration) => migration && { migration, target: names.get(migration.targetId) });
  }, [migrations, targets]);
}
