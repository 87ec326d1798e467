import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch, IconServer2, IconTransfer, IconZoomQuestion } from '@tabler/icons-react';
import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from 'react';
import { useRoute } from '../../api/queries.tsx';
import { type Command, useCommands } from '../../frame/commands.ts';
import { go } from '../../go.ts';
import type { ScreenProps } from '../../screen-props.ts';
import { MOST_CHOSEN, newMigrationPath } from '../../stores/machine-choice.ts';
import {
  allMachines,
  filterMachines,
  isFiltered,
  type MachineFilter,
  useMachineFilter,
  useMachinePane,
} from '../../stores/machine-filter.ts';
import { useRowHeight } from '../../stores/preferences.ts';
import { useMay } from '../../stores/session.ts';
import { machineTexts } from '../../texts/machines.ts';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import type { Selection } from '../../ui/selection.ts';
import { EmptyState, ErrorState, LoadingRows, NoneFound } from '../../ui/states.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { Doors } from '../first-start/doors.tsx';
import { type MachineRow, machineColumns, machineId, machineName } from './columns.tsx';
import { FilterBar } from './filter-bar.tsx';
import { MachineDetails } from './machine-details.tsx';
import { MachineTree } from './machine-tree.tsx';
import classes from './machines.module.css';
import { SelectionBar } from './selection-bar.tsx';
import { useMachineList } from './use-machine-list.ts';

const open = ({ id }: MachineRow) => go(`/machines/${id}`, { replace: true });

/** All machines of all sources: find some, look at one, replicate them. */
export default function Machines({ params }: ScreenProps) {
  const tree = useRoute('vms.tree');
  const none = tree.data !== undefined && tree.data.machines === 0;
  const hint = tree.data && !none ? machineTexts.hint(tree.data.machines, tree.data.protected) : undefined;
  return (
    <>
      <PageHeader title={screenTexts.machines} {...(hint === undefined ? {} : { hint })} />
      {none ? <NoMachines sources={tree.data.sources.length} /> : <Browser id={params.id} tree={tree} />}
    </>
  );
}

function Browser({ id, tree }: { id: string | undefined; tree: ReturnType<typeof useRoute<'vms.tree'>> }) {
  const filter = useMachineFilter();
  const showTree = useMachinePane((pane) => pane.tree);
  const list = useMachineList(filter);
  const rowHeight = useRowHeight();
  const [selection, setSelection] = useState<Selection>(new Set());
  const search = useRef<HTMLInputElement>(null);
  const table = useRef<HTMLDivElement>(null);
  const toTable = useCallback(() => table.current?.querySelector<HTMLElement>('[role=grid]')?.focus(), []);
  const close = useCallback(() => {
    go('/machines', { replace: true });
    toTable();
  }, [toTable]);
  useHotkeys([['/', () => search.current?.focus()]]);
  useMachineCommands(search, selection);

  const source = useMemo(() => {
    const of = list.rows.find((row) => row?.id === id)?.sourceId;
    return tree.data?.sources.find(({ sourceId }) => sourceId === of)?.name;
  }, [tree.data, list.rows, id]);
  function onKeyDown(event: KeyboardEvent): void {
    // The table takes the first Escape while rows are selected.
    if (event.key === 'Escape' && id !== undefined && !event.defaultPrevented) close();
  }

  return (
    <div className={classes.layout} data-details={id !== undefined || undefined}>
      {showTree && tree.data ? <MachineTree tree={tree.data} /> : null}
      <div className={classes.middle}>
        <FilterBar tree={tree.data} search={search} onDown={toTable} />
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the grid in it has the focus */}
        <div className={classes.table} ref={table} onKeyDown={onKeyDown}>
          {list.total !== undefined ? (
            <VirtualTable
              label={machineTexts.table}
              columns={machineColumns}
              openedId={id}
              rows={list.rows}
              total={list.total}
              rowId={machineId}
              rowName={machineName}
              rowHeight={rowHeight}
              place={list.place}
              sort={filter.sort}
              onSort={sortBy}
              selection={selection}
              onSelection={setSelection}
              onOpen={open}
              onRange={list.onRange}
              idsOf={list.idsOf}
              empty={noneLikeThat}
              over={selection.size > 0 ? <SelectionBar selection={selection} list={list} onSelection={setSelection} /> : undefined}
            />
          ) : list.error ? (
            <ErrorState error={list.error} onRetry={list.refetch} />
          ) : (
            <LoadingRows rows={14} />
          )}
        </div>
      </div>
      {id === undefined ? null : <MachineDetails key={id} id={id} sourceName={source} onClose={close} />}
    </div>
  );
}

const sortBy = (sort: string) => filterMachines({ sort: sort as MachineFilter['sort'] });

function NoneLikeThat() {
  const filtered = isFiltered(useMachineFilter());
  if (!filtered) return <EmptyState icon={IconServer2} title={machineTexts.empty.noneTitle} hint={machineTexts.empty.noneHint} />;
  return (
    <NoneFound
      icon={IconZoomQuestion}
      title={machineTexts.empty.filteredTitle}
      hint={machineTexts.empty.filteredHint}
      clear={machineTexts.resetFilters}
      onClear={() => useMachineFilter.setState(allMachines)}
    />
  );
}

const noneLikeThat = <NoneLikeThat />;

function NoMachines({ sources }: { sources: number }) {
  const admin = useMay('admin');
  const { empty } = machineTexts;
  if (sources > 0) {
    const actions = (
      <Button variant="default" onClick={() => go('/sources')}>
        {empty.sources}
      </Button>
    );
    return <EmptyState icon={IconServer2} title={empty.noneTitle} hint={empty.noneHint} actions={actions} />;
  }
  if (!admin) return <EmptyState icon={IconServer2} title={empty.title} hint={empty.hintOthers} />;
  return (
    <>
      <EmptyState icon={IconServer2} title={empty.title} hint={empty.hint} />
      <Doors onEnter={go} />
    </>
  );
}

function useMachineCommands(search: React.RefObject<HTMLInputElement | null>, selection: Selection): void {
  const may = useMay('operator');
  const commands = useMemo((): Command[] => {
    const chosen = may && selection.size > 0 && selection.size <= MOST_CHOSEN;
    const replicate = () => go(newMigrationPath([...selection]));
    return [
      { id: 'machines-search', text: machineTexts.commands.search, icon: IconSearch, hint: '/', run: () => search.current?.focus() },
      {
        id: 'machines-tree',
        text: machineTexts.commands.tree,
        run: () => useMachinePane.setState(({ tree }) => ({ tree: !tree })),
      },
      ...(chosen ? [{ id: 'machines-replicate', text: machineTexts.commands.replicate, icon: IconTransfer, run: replicate }] : []),
    ];
  }, [search, selection, may]);
  useCommands('machines', commands);
}
