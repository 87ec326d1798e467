import type { ComponentType, ReactNode } from 'react';
import { uiTexts } from '../texts/ui.ts';
import classes from './record-table.module.css';

type Icon = ComponentType<{ size?: number | string; stroke?: number; 'aria-hidden'?: boolean }>;

export interface RecordColumn<Row> {
  id: string;
  title: string;
  /** Numbers stand at the end. */
  align?: 'end';
  /** As narrow as it can be. */
  fit?: boolean;
  cell: (row: Row) => ReactNode;
}

/** A short table of things that a person set up, with room for controls. For thousands of rows there is VirtualTable. */
export function RecordTable<Row>(props: {
  label: string;
  columns: readonly RecordColumn<Row>[];
  rows: readonly Row[];
  rowId: (row: Row) => string;
  /** What can be done with a row, at its end. */
  actions?: (row: Row) => ReactNode;
}) {
  const { columns, actions } = props;
  return (
    <div className={classes.frame}>
      <table className={classes.table} aria-label={props.label}>
        <thead>
          <tr>
            {columns.map(({ id, title, align, fit }) => (
              <th key={id} scope="col" data-end={align === 'end' || undefined} data-fit={fit || undefined}>
                {title}
              </th>
            ))}
            {actions ? (
              <th scope="col" data-fit>
                <span className="only-read">{uiTexts.actions}</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.rowId(row)}>
              {columns.map(({ id, align, fit, cell }) => (
                <td key={id} data-end={align === 'end' || undefined} data-fit={fit || undefined}>
                  {cell(row)}
                </td>
              ))}
              {actions ? (
                <td data-fit>
                  <div className={classes.actions}>{actions(row)}</div>
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The first cell of a row: what it is called, and below it what helps to tell it apart. */
export function RecordName({ icon: Icon, name, hint }: { icon?: Icon; name: ReactNode; hint?: ReactNode }) {
  return (
    <div className={classes.name}>
      {Icon ? <Icon size={18} stroke={1.6} aria-hidden /> : null}
      <div className={classes.nameTexts}>
        <div className={classes.title}>{name}</div>
        {hint === undefined ? null : <div className={classes.hint}>{hint}</div>}
      </div>
    </div>
  );
}
