import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useMemo, useState } from 'react';
import { NoneFound } from './states.tsx';
import classes from './ui.module.css';
import { VirtualTable, type VirtualTableProps } from './virtual-table.tsx';

type Props<Row> = Omit<VirtualTableProps<Row>, 'rows' | 'empty' | 'total'> & {
  rows: readonly Row[];
  /** What is searched for in a row. */
  textOf: (row: Row) => string;
  words: { search: string; noneTitle: string; clear: string };
  /** Beside the search: what else narrows the rows. The rows come narrowed already. */
  filters?: ReactNode;
  /** Ends those filters. */
  onClear?: () => void;
  /** So few that nobody searches among them. */
  short?: boolean;
};

/** A list that is here as a whole: a search above its table, and a way back where nothing fits. */
export function SearchedTable<Row>({ rows, textOf, words, filters, onClear, short, ...table }: Props<Row>) {
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLocaleLowerCase();
  const found = useMemo(
    () => (wanted === '' ? rows : rows.filter((row) => textOf(row).toLocaleLowerCase().includes(wanted))),
    [rows, wanted, textOf],
  );
  const clear = () => {
    setSearch('');
    onClear?.();
  };
  return (
    <>
      {short ? null : (
        <div className={classes.searchBar}>
          <TextInput
            aria-label={words.search}
            placeholder={words.search}
            leftSection={<IconSearch size={14} aria-hidden />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
            w={220}
          />
          {filters}
        </div>
      )}
      <div className={classes.searched}>
        <VirtualTable {...table} rows={found} empty={<NoneFound title={words.noneTitle} clear={words.clear} onClear={clear} />} />
      </div>
    </>
  );
}
