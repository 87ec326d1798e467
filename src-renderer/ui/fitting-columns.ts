interface Sized {
  id: string;
  width: number;
  goes?: number;
}

/** The columns there is room for, in pixels. Those that were widened by hand count as wide as they are. Before it is measured, all. */
export function fittingColumns<Column extends Sized>(
  columns: readonly Column[],
  widths: Readonly<Record<string, number>>,
  room: number,
): readonly Column[] {
  if (room <= 0) return columns;
  let shown = columns;
  for (;;) {
    const needed = shown.reduce((sum, { id, width }) => sum + (widths[id] ?? width), 0);
    const next = shown.reduce((most, { goes = 0 }) => Math.max(most, goes), 0);
    if (needed <= room || next === 0) return shown;
    shown = shown.filter(({ goes }) => goes !== next);
  }
}
