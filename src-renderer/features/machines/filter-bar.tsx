import { ActionIcon, Button, CloseButton, Select, TextInput } from '@mantine/core';
import { IconFilterOff, IconLayoutSidebarLeftExpand, IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, memo, type RefObject, useMemo } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import {
  allMachines,
  filterMachines,
  isFiltered,
  type MachineFilter,
  useMachineFilter,
  useMachinePane,
} from '../../stores/machine-filter.ts';
import { machineTexts } from '../../texts/machines.ts';
import { uiTexts } from '../../texts/ui.ts';
import classes from './machines.module.css';
import { ViewsMenu } from './views-menu.tsx';

const texts = machineTexts.filter;
const words = uiTexts.states;
const powers = (['on', 'off', 'suspended'] as const).map((value) => ({ value, label: words[value] }));
const protections = (['none', 'pending', 'protected', 'cut-over'] as const).map((value) => ({ value, label: words[value] }));

interface FilterBarProps {
  tree: Output<'vms.tree'> | undefined;
  search: RefObject<HTMLInputElement | null>;
  /** From the search down into the table. */
  onDown: () => void;
}

/** Search, filters and saved views. */
export function FilterBar({ tree, search, onDown }: FilterBarProps) {
  const filter = useMachineFilter();
  const pane = useMachinePane();
  const sources = useMemo(() => tree?.sources.map(({ sourceId, name }) => ({ value: sourceId, label: name })) ?? [], [tree]);
  const clusters = useMemo(() => {
    const of = tree?.sources.filter(({ sourceId }) => filter.sourceId === undefined || sourceId === filter.sourceId) ?? [];
    return [...new Set(of.flatMap((source) => source.clusters.map(({ name }) => name)))].sort();
  }, [tree, filter.sourceId]);

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.key === 'ArrowDown' || event.key === 'Enter') onDown();
    else if (event.key === 'Escape' && filter.text !== '') filterMachines({ text: '' });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <search className={classes.bar} aria-label={machineTexts.filters}>
      {pane.tree ? null : (
        <ActionIcon
          aria-label={machineTexts.tree.show}
          title={machineTexts.tree.show}
          onClick={() => useMachinePane.setState({ tree: true })}
        >
          <IconLayoutSidebarLeftExpand size={17} stroke={1.7} />
        </ActionIcon>
      )}
      <TextInput
        ref={search}
        className={classes.search}
        type="search"
        aria-label={machineTexts.search}
        placeholder={machineTexts.searchPlaceholder}
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        leftSection={<IconSearch size={14} aria-hidden />}
        rightSection={
          filter.text === '' ? (
            <kbd className={classes.key} aria-hidden>
              {machineTexts.searchKey}
            </kbd>
          ) : (
            <CloseButton size="sm" aria-label={machineTexts.clearSearch} onClick={() => filterMachines({ text: '' })} />
          )
        }
        value={filter.text}
        onChange={(event) => filterMachines({ text: event.currentTarget.value })}
        onKeyDown={onKeyDown}
      />
      {sources.length > 1 ? <Choice label={texts.source} data={sources} value={filter.sourceId} onChange={choose.source} /> : null}
      {clusters.length > 0 ? <Choice label={texts.cluster} data={clusters} value={filter.cluster} onChange={choose.cluster} /> : null}
      <Choice label={texts.power} data={powers} value={filter.powerState} onChange={choose.power} />
      <Choice label={texts.protection} data={protections} value={filter.protection} onChange={choose.protection} />
      {filter.folder === undefined ? null : (
        <Button
          variant="default"
          rightSection={<span aria-hidden>×</span>}
          aria-label={machineTexts.leaveFolder(filter.folder)}
          onClick={() => filterMachines({ folder: undefined })}
        >
          {machineTexts.inFolder(filter.folder)}
        </Button>
      )}
      {isFiltered(filter) ? (
        <ActionIcon
          aria-label={machineTexts.resetFilters}
          title={machineTexts.resetFilters}
          onClick={() => filterMachines({ ...allMachines, sort: filter.sort })}
        >
          <IconFilterOff size={16} stroke={1.7} />
        </ActionIcon>
      ) : null}
      <span className={classes.spread} />
      <ViewsMenu />
    </search>
  );
}

/** Pixels: of a letter, and of what is beside them in the field. */
const LETTER = 7;
const BESIDE = 42;

interface ChoiceProps {
  label: string;
  data: readonly (string | { value: string; label: string })[];
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** Each letter of a search draws the bar anew, and these are dear. */
const Choice = memo(function Choice({ label, data, value, onChange }: ChoiceProps) {
  return (
    <Select
      className={classes.choice}
      aria-label={label}
      placeholder={label}
      style={{ flexBasis: label.length * LETTER + BESIDE }}
      rightSectionWidth={24}
      data={[...data]}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      clearable
      searchable={data.length > 12}
      comboboxProps={{ shadow: 'none', width: 'max-content', position: 'bottom-start' }}
      limit={200}
    />
  );
});
const choose = {
  source: (sourceId: string | undefined) => filterMachines({ sourceId, folder: undefined, cluster: undefined }),
  cluster: (cluster: string | undefined) => filterMachines({ cluster }),
  power: (value: string | undefined) => filterMachines({ powerState: value as MachineFilter['powerState'] }),
  protection: (value: string | undefined) => filterMachines({ protection: value as MachineFilter['protection'] }),
};
