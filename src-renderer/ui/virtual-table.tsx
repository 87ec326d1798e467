import { useElementSize } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type MouseEvent, memo, type ReactNode, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import { uiTexts } from '../texts/ui.ts';
import { fittingColumns } from './fitting-columns.ts';
import { formatNumber } from './format.ts';
import { type Selection, toggled } from './selection.ts';
import classes from './virtual-table.module.css';
import { TableHead } from './virtual-table-head.tsx';

export interface Column<Row> {
  id: string;
  title: string;
  /** Pixels to begin with; of a column that grows, the least. */
  width: number;
  grow?: boolean;
  /** Leaves the table where there is no room for all: the highest first. */
  goes?: number;
  /** Numbers stand at the end. */
  align?: 'end';
  /** What the server sorts by; without it the column is not sortable. */
  sort?: string;
  /** Keep it cheap and this function the same between renders: a row is drawn anew only when its data change. */
  cell: (row: Row) => ReactNode;
}

export interface VirtualTableProps<Row> {
  /** What the rows are, for screen readers. */
  label: string;
  columns: readonly Column<Row>[];
  /** As many as are loaded; of a list that is loaded in parts, undefined stands where one is not. */
  rows: readonly (Row | undefined)[];
  rowId: (row: Row) => string;
  /** What to call a row, for screen readers. */
  rowName: (row: Row) => string;
  /** How many there are in all; the scroll bar reaches that far. As many as `rows` unless given. */
  total?: number | undefined;
  /** There are more rows, nobody knows how many. */
  endless?: boolean;
  /** The end of what is loaded comes into sight: usePages' `more`. */
  onNeedMore?: () => void;
  /** These come into sight, both included: useWindow's. Keep it the same between renders. */
  onRange?: (first: number, last: number) => void;
  /** Of rows that may not be loaded, both included: then all can be selected, and those between two. Says itself what goes wrong. */
  idsOf?: (from: number, to: number) => Promise<readonly string[] | undefined>;
  /** As in the contract: `name`, or `-name` for descending. */
  sort?: string;
  onSort?: (sort: string) => void;
  selection?: Selection;
  onSelection?: (selection: Selection) => void;
  /** Enter or a click. */
  onOpen?: (row: Row) => void;
  /** Shown in the place of rows when there are none. */
  empty?: ReactNode;
  /** The row whose details are shown. */
  openedId?: string | undefined;
  rowHeight?: number;
  /** What the rows were asked for by: where it changes they are others, and the table is at its first one again. */
  place?: string;
  /** Left of the row count. */
  footer?: ReactNode;
  /** Lies over the lower end of the rows, which do not move for it: what can be done with those that are selected. */
  over?: ReactNode;
}

const CHECK = 36;
/** Pixels of the titles, under which rows are scrolled away. */
const HEAD = 30;
/** Pixels around what lies over the rows, with its border. */
const AROUND = 28;

/**
 * A table of many thousand rows: only those in sight are in the page. It fills its parent's height. The grid has the focus as a whole:
 * arrows, Page, Home and End move the active row, Enter opens it, Space selects it, Shift extends, Ctrl+A selects all that is loaded.
 */
export const VirtualTable = memo(Table) as typeof Table;

function Table<Row>(props: VirtualTableProps<Row>) {
  const { rows, rowId, onNeedMore, onRange, idsOf, selection, onSelection, onOpen, rowHeight = 30 } = props;
  const total = Math.max(props.total ?? rows.length, rows.length + (props.endless ? 1 : 0));
  const scroller = useRef<HTMLDivElement>(null);
  const frame = useElementSize<HTMLDivElement>();
  const [active, setActive] = useState(0);
  const [widths, setWidths] = useState<Readonly<Record<string, number>>>({});
  const room = frame.width - (selection ? CHECK : 0);
  const columns = useMemo(() => fittingColumns(props.columns, widths, room), [props.columns, widths, room]);
  const anchor = useRef(0);
  const prefix = useId();
  const over = useElementSize<HTMLDivElement>();
  // The last rows can be scrolled out from under it.
  const covered = props.over ? over.height + AROUND : 0;
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    paddingEnd: covered,
    scrollPaddingEnd: HEAD + covered,
  });
  const items = virtual.getVirtualItems();
  const firstSeen = items[0]?.index ?? 0;
  const lastSeen = items.at(-1)?.index ?? 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another height makes what was measured old
  useEffect(() => virtual.measure(), [virtual, rowHeight]);
  const { place } = props;
  const shownPlace = useRef(place);
  useEffect(() => {
    if (shownPlace.current === place) return;
    shownPlace.current = place;
    anchor.current = 0;
    setActive(0);
    // Asking the library would lay the page out once more.
    if (scroller.current && scroller.current.scrollTop !== 0) scroller.current.scrollTop = 0;
  }, [place]);
  useEffect(() => {
    if (rows.length > 0 && rows.length < total && lastSeen >= rows.length - 25) onNeedMore?.();
  }, [lastSeen, rows.length, total, onNeedMore]);

  useEffect(() => {
    if (total > 0) onRange?.(firstSeen, lastSeen);
  }, [firstSeen, lastSeen, total, onRange]);

  // What is selected by a click stays where it is under the pointer.
  const byKey = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what comes to lie over it hides the row
  useEffect(() => {
    if (covered > 0 && byKey.current) virtual.scrollToIndex(active);
  }, [covered]);

  const template = useMemo(() => {
    const sizes = columns.map(({ id, width, grow }) =>
      grow && widths[id] === undefined ? `minmax(${width}px, 1fr)` : `${widths[id] ?? width}px`,
    );
    // The last one takes what is left, unless another grows.
    if (!columns.some(({ id, grow }) => grow && widths[id] === undefined)) sizes.push('1fr');
    return [...(selection ? [`${CHECK}px`] : []), ...sizes].join(' ');
  }, [columns, widths, selection]);
  const least = columns.reduce((sum, { id, width }) => sum + (widths[id] ?? width), selection ? CHECK : 0);

  /** Of all rows from one to the other; undefined: they have to be asked for. */
  const loadedIds = useCallback(
    (from: number, to: number): readonly string[] | undefined => {
      const ids: string[] = [];
      for (let index = Math.min(from, to); index <= Math.max(from, to); index++) {
        const row = rows[index];
        if (row !== undefined) ids.push(rowId(row));
        else if (idsOf) return undefined;
      }
      return ids;
    },
    [rows, rowId, idsOf],
  );
  const latestSelection = useRef(selection);
  latestSelection.current = selection;
  const select = useCallback(
    (index: number, how: 'toggle' | 'range') => {
      if (!selection || !onSelection) return;
      if (how === 'toggle') {
        const row = rows[index];
        if (row === undefined) return;
        onSelection(toggled(selection, rowId(row)));
        anchor.current = index;
        return;
      }
      const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
      const add = (ids: readonly string[] | undefined) => ids && onSelection(new Set([...(latestSelection.current ?? []), ...ids]));
      const ids = loadedIds(from, to);
      if (ids) add(ids);
      else void idsOf?.(from, to).then(add);
    },
    [rows, rowId, selection, onSelection, loadedIds, idsOf],
  );
  function selectAll(): void {
    const all = idsOf ? total : rows.length;
    const ids = loadedIds(0, all - 1);
    if (ids) onSelection?.(new Set(ids));
    else void idsOf?.(0, all - 1).then((found) => found && onSelection?.(new Set(found)));
  }

  function moveTo(index: number, extend: boolean): void {
    const next = Math.min(Math.max(index, 0), Math.max(0, total - 1));
    if (extend) select(next, 'range');
    else anchor.current = next;
    setActive(next);
    virtual.scrollToIndex(next);
  }

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    // A control within a row has keys of its own.
    if (event.target !== event.currentTarget) return;
    byKey.current = true;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 300) / rowHeight) - 2);
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -total, End: total };
    const step = steps[event.key];
    if (step !== undefined) moveTo(active + step, event.shiftKey);
    else if (event.key === 'Enter' && rows[active] !== undefined && onOpen) onOpen(rows[active] as Row);
    else if (event.key === ' ' && selection) select(active, event.shiftKey ? 'range' : 'toggle');
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey) && onSelection) selectAll();
    else if (event.key === 'Escape' && selection && selection.size > 0) onSelection?.(new Set());
    else return;
    event.preventDefault();
  }

  // The same functions for all rows, or each would be drawn anew with every scroll.
  const latest = useRef({ rows, select, onOpen });
  latest.current = { rows, select, onOpen };
  const onRowClick = useCallback((index: number, event: MouseEvent) => {
    byKey.current = false;
    setActive(index);
    const { rows: all, select: choose, onOpen: open } = latest.current;
    if (event.shiftKey) choose(index, 'range');
    else if (event.ctrlKey || event.metaKey) choose(index, 'toggle');
    else if (all[index] !== undefined) open?.(all[index] as Row);
  }, []);
  const onRowCheck = useCallback((index: number, range: boolean) => {
    byKey.current = false;
    latest.current.select(index, range ? 'range' : 'toggle');
  }, []);

  const chosen = selection?.size ?? 0;
  const lead = columns.length + (selection ? 1 : 0);
  return (
    <div className={classes.frame} ref={frame.ref}>
      <div
        ref={scroller}
        className={classes.grid}
        role="grid"
        aria-label={props.label}
        aria-rowcount={total + 1}
        aria-colcount={lead}
        aria-multiselectable={selection ? true : undefined}
        aria-activedescendant={items.some(({ index }) => index === active) ? `${prefix}-${active}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <TableHead
          columns={columns}
          template={template}
          least={least}
          sort={props.sort}
          onSort={props.onSort}
          onWidth={(id, width) => setWidths((before) => ({ ...before, [id]: width }))}
          selected={selection && onSelection ? (chosen === 0 ? 'none' : chosen >= rows.length ? 'all' : 'some') : undefined}
          onSelectAll={() => (chosen >= rows.length ? onSelection?.(new Set()) : selectAll())}
        />
        {total === 0 ? (
          props.empty
        ) : (
          <div className={classes.body} role="rowgroup" style={{ height: virtual.getTotalSize(), minWidth: least }}>
            {items.map(({ index, start }) => {
              const row = rows[index];
              return (
                <TableRow
                  // By place: other rows then only change what is written in those that are there, many times faster than making new ones.
                  key={index}
                  id={`${prefix}-${index}`}
                  row={row}
                  name={row === undefined ? '' : props.rowName(row)}
                  index={index}
                  top={start}
                  height={rowHeight}
                  columns={columns as readonly Column<unknown>[]}
                  template={template}
                  active={index === active}
                  selected={selection === undefined ? undefined : row !== undefined && selection.has(rowId(row))}
                  opened={row !== undefined && props.openedId !== undefined && rowId(row) === props.openedId}
                  opens={onOpen !== undefined}
                  onClick={onRowClick}
                  onCheck={onRowCheck}
                />
              );
            })}
          </div>
        )}
      </div>
      {props.over ? (
        <div className={classes.over} ref={over.ref}>
          {props.over}
        </div>
      ) : null}
      <div className={classes.foot}>
        <span>{props.footer}</span>
        <span className="tabular">
          {props.endless
            ? uiTexts.table.more(formatNumber(rows.length))
            : uiTexts.table.rows(formatNumber(rows.length), formatNumber(total))}
        </span>
      </div>
    </div>
  );
}

interface RowProps {
  id: string;
  row: unknown;
  name: string;
  index: number;
  top: number;
  height: number;
  columns: readonly Column<unknown>[];
  template: string;
  active: boolean;
  selected: boolean | undefined;
  opened: boolean;
  opens: boolean;
  onClick: (index: number, event: MouseEvent) => void;
  onCheck: (index: number, range: boolean) => void;
}

const TableRow = memo(function TableRow(props: RowProps) {
  const { row, index, columns, selected } = props;
  return (
    <div
      id={props.id}
      className={classes.row}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-active={props.active || undefined}
      aria-current={props.opened || undefined}
      data-opens={props.opens || undefined}
      style={{ top: props.top, height: props.height, gridTemplateColumns: props.template }}
      onClick={(event) => props.onClick(index, event)}
    >
      {selected === undefined ? null : (
        <div className={`${classes.cell} ${classes.check}`} role="gridcell" onClick={(event) => event.stopPropagation()}>
          {/* The browser's own: a hundred of Mantine's would cost frames. */}
          <input
            type="checkbox"
            className={classes.box}
            tabIndex={-1}
            aria-label={uiTexts.table.selectRow(props.name)}
            checked={selected}
            disabled={row === undefined}
            onChange={(event) => props.onCheck(index, (event.nativeEvent as unknown as { shiftKey?: boolean }).shiftKey ?? false)}
          />
        </div>
      )}
      {columns.map((column) => (
        <div key={column.id} className={classes.cell} role="gridcell" data-end={column.align === 'end' || undefined}>
          {row === undefined ? <div className={classes.ghost} /> : column.cell(row)}
        </div>
      ))}
    </div>
  );
});
