import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconSearch, IconX } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { MOST_CHOSEN } from '../../stores/machine-choice.ts';
import { allMachines, type MachineFilter } from '../../stores/machine-filter.ts';
import { useRowHeight } from '../../stores/preferences.ts';
import { machineTexts } from '../../texts/machines.ts';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { Notice } from '../../ui/notice.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Bytes } from '../../ui/values.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { fewColumns, machineId, machineName } from '../machines/columns.tsx';
import { useMachineList } from '../machines/use-machine-list.ts';
import classes from './new-migration.module.css';
import { StepTitle } from './step-title.tsx';
import type { Chosen } from './use-chosen.ts';

const texts = newMigrationTexts.choose;
/** More are told by their number. */
const MOST_SHOWN = 200;

interface MachinesStepProps {
  ids: readonly string[];
  chosen: Chosen;
  onIds: (ids: readonly string[]) => void;
}

/** What is to be replicated: chosen elsewhere, or here. */
export function MachinesStep({ ids, chosen, onIds }: MachinesStepProps) {
  const [choosing, setChoosing] = useState(ids.length === 0);
  const gone = chosen.gone > 0 ? <Notice tone="warn">{texts.gone(chosen.gone)}</Notice> : null;
  if (choosing) {
    return (
      <>
        <StepTitle title={texts.title} hint={texts.hint} />
        {gone}
        <Chooser ids={ids} onIds={onIds} />
      </>
    );
  }
  return (
    <>
      <StepTitle title={texts.title} />
      {gone}
      <div className={classes.bar}>
        <strong>{texts.chosen(chosen.machines.length)}</strong>
        <span className={classes.spread} />
        <Button variant="default" onClick={() => setChoosing(true)}>
          {texts.other}
        </Button>
      </div>
      {chosen.error ? <ErrorState error={chosen.error} onRetry={chosen.refetch} /> : null}
      {chosen.loaded || chosen.error ? null : <LoadingRows />}
      <ul className={classes.list} aria-label={texts.list}>
        {chosen.machines.slice(0, MOST_SHOWN).map((machine) => (
          <li key={machine.id} className={classes.line}>
            <span className={classes.name}>{machine.name}</span>
            <StatusBadge state={machine.protection} />
            <Bytes value={machine.capacity} />
            <ActionIcon aria-label={texts.remove(machine.name)} onClick={() => onIds(ids.filter((id) => id !== machine.id))}>
              <IconX size={14} />
            </ActionIcon>
          </li>
        ))}
        {chosen.machines.length > MOST_SHOWN ? <li className={classes.quiet}>{texts.more(chosen.machines.length - MOST_SHOWN)}</li> : null}
      </ul>
    </>
  );
}

function Chooser({ ids, onIds }: Pick<MachinesStepProps, 'ids' | 'onIds'>) {
  const [filter, setFilter] = useState<MachineFilter>(allMachines);
  const list = useMachineList(filter);
  const rowHeight = useRowHeight();
  const selection = useMemo(() => new Set(ids), [ids]);
  const choose = (wanted: ReadonlySet<string>) => onIds([...wanted].slice(0, MOST_CHOSEN));
  const none = <EmptyState title={machineTexts.empty.filteredTitle} />;
  return (
    <>
      <div className={classes.bar}>
        <TextInput
          className={classes.search}
          type="search"
          aria-label={machineTexts.search}
          placeholder={machineTexts.searchPlaceholder}
          leftSection={<IconSearch size={14} aria-hidden />}
          autoComplete="off"
          maxLength={200}
          value={filter.text}
          onChange={(event) => {
            const text = event.currentTarget.value;
            setFilter((before) => ({ ...before, text }));
          }}
        />
        <span className={classes.quiet} role="status">
          {ids.length === 0 ? texts.none : ids.length >= MOST_CHOSEN ? texts.tooMany(MOST_CHOSEN) : texts.chosen(ids.length)}
        </span>
      </div>
      <div className={classes.table}>
        {list.total !== undefined ? (
          <VirtualTable
            label={texts.table}
            columns={fewColumns}
            rows={list.rows}
            total={list.total}
            rowId={machineId}
            rowName={machineName}
            rowHeight={rowHeight}
            place={list.place}
            sort={filter.sort}
            onSort={(sort) => setFilter((before) => ({ ...before, sort: sort as MachineFilter['sort'] }))}
            selection={selection}
            onSelection={choose}
            onOpen={(row) => choose(selection.has(row.id) ? new Set(ids.filter((id) => id !== row.id)) : new Set([...ids, row.id]))}
            onRange={list.onRange}
            idsOf={list.idsOf}
            empty={none}
          />
        ) : list.error ? (
          <ErrorState error={list.error} onRetry={list.refetch} />
        ) : (
          <LoadingRows />
        )}
      </div>
    </>
  );
}
