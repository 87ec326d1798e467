import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import type { KeyboardEvent, PointerEvent } from 'react';
import { uiTexts } from '../texts/ui.ts';
import classes from './virtual-table.module.css';

interface HeadColumn {
  id: string;
  title: string;
  align?: 'end';
  sort?: string;
}

interface HeadProps {
  columns: readonly HeadColumn[];
  template: string;
  least: number;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
  onWidth: (id: string, width: number) => void;
  selected: 'none' | 'some' | 'all' | undefined;
  onSelectAll: () => void;
}

const NARROWEST = 48;

export function TableHead(props: HeadProps) {
  return (
    <div role="rowgroup" style={{ minWidth: props.least, position: 'sticky', top: 0, zIndex: 1 }}>
      <div className={classes.head} role="row" aria-rowindex={1} style={{ gridTemplateColumns: props.template }}>
        {props.selected === undefined ? null : (
          <div className={`${classes.headCell} ${classes.check}`} role="columnheader">
            <input
              type="checkbox"
              className={classes.box}
              aria-label={uiTexts.table.selectAll}
              checked={props.selected === 'all'}
              ref={(box) => {
                if (box) box.indeterminate = props.selected === 'some';
              }}
              onChange={props.onSelectAll}
            />
          </div>
        )}
        {props.columns.map((column) => (
          <HeadCell
            key={column.id}
            column={column}
            sort={props.sort}
            onSort={props.onSort}
            onWidth={(width) => props.onWidth(column.id, width)}
          />
        ))}
      </div>
    </div>
  );
}

function HeadCell({
  column,
  sort,
  onSort,
  onWidth,
}: { column: HeadColumn; onWidth: (width: number) => void } & Pick<HeadProps, 'sort' | 'onSort'>) {
  const up = column.sort !== undefined && sort === column.sort;
  const down = column.sort !== undefined && sort === `-${column.sort}`;
  const arrow = up ? <IconArrowUp size={13} aria-hidden /> : down ? <IconArrowDown size={13} aria-hidden /> : null;
  const { sort: by } = column;
  return (
    <div
      className={classes.headCell}
      role="columnheader"
      aria-sort={up ? 'ascending' : down ? 'descending' : undefined}
      data-end={column.align === 'end' || undefined}
    >
      {by !== undefined && onSort ? (
        <button type="button" className={classes.headButton} onClick={() => onSort(up ? `-${by}` : by)}>
          {column.title}
          {arrow}
        </button>
      ) : (
        <span className={classes.headText}>{column.title}</span>
      )}
      <WidthHandle title={column.title} onWidth={onWidth} />
    </div>
  );
}

/** Pulled by the pointer, or by the arrow keys. */
function WidthHandle({ title, onWidth }: { title: string; onWidth: (width: number) => void }) {
  const widthOf = (handle: HTMLElement) => handle.parentElement?.getBoundingClientRect().width ?? 100;
  function onPointerDown(event: PointerEvent<HTMLDivElement>): void {
    const handle = event.currentTarget;
    const [from, width] = [event.clientX, widthOf(handle)];
    handle.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent) => onWidth(Math.max(NARROWEST, Math.round(width + moved.clientX - from)));
    handle.addEventListener('pointermove', move);
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), { once: true });
    event.preventDefault();
  }
  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
    if (step === undefined) return;
    onWidth(Math.max(NARROWEST, Math.round(widthOf(event.currentTarget) + step)));
    event.preventDefault();
    event.stopPropagation();
  }
  return (
    <div
      className={classes.handle}
      role="separator"
      aria-orientation="vertical"
      aria-label={uiTexts.table.width(title)}
      aria-valuenow={0}
      tabIndex={-1}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    />
  );
}
