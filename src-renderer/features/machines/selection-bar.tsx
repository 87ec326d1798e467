import { Button, Tooltip } from '@mantine/core';
import { IconTransfer } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { Window } from '../../api/use-window.ts';
import { go } from '../../go.ts';
import { MOST_CHOSEN, newMigrationPath } from '../../stores/machine-choice.ts';
import { useMay } from '../../stores/session.ts';
import { machineTexts } from '../../texts/machines.ts';
import type { Selection } from '../../ui/selection.ts';
import type { MachineRow } from './columns.tsx';
import classes from './machines.module.css';

interface SelectionBarProps {
  selection: Selection;
  list: Pick<Window<'vms.list'>, 'rows' | 'total' | 'idsOf'>;
  onSelection: (selection: Selection) => void;
}

/** What can be done with the machines that are selected. */
export function SelectionBar({ selection, list: { rows, total = 0, idsOf }, onSelection }: SelectionBarProps) {
  const may = useMay('operator');
  const [busy, setBusy] = useState(false);
  const hidden = useMemo(() => hiddenOf(selection, rows), [rows, selection]);
  const tooMany = selection.size > MOST_CHOSEN;
  const reason = may ? (tooMany ? machineTexts.selection.tooMany(MOST_CHOSEN) : undefined) : machineTexts.mayNot;

  async function selectAll(): Promise<void> {
    setBusy(true);
    const ids = await idsOf(0, total - 1);
    setBusy(false);
    if (ids) onSelection(new Set(ids));
  }

  return (
    <section className={classes.chosen} aria-label={machineTexts.selection.label}>
      <strong aria-live="polite">{machineTexts.selection.chosen(selection.size)}</strong>
      {hidden > 0 ? <span className={classes.quiet}>{machineTexts.selection.hidden(hidden)}</span> : null}
      {selection.size < total ? (
        <Button variant="subtle" px={8} loading={busy} onClick={() => void selectAll()}>
          {machineTexts.selection.all(total)}
        </Button>
      ) : null}
      <Button variant="subtle" color="gray" px={8} onClick={() => onSelection(new Set())}>
        {machineTexts.selection.clear}
      </Button>
      <Tooltip label={reason} disabled={reason === undefined}>
        <Button
          ml="auto"
          px={12}
          leftSection={<IconTransfer size={14} aria-hidden />}
          data-disabled={reason !== undefined || undefined}
          aria-disabled={reason !== undefined}
          onClick={() => {
            if (reason === undefined) go(newMigrationPath([...selection]));
          }}
        >
          {machineTexts.replicate(selection.size)}
        </Button>
      </Tooltip>
    </section>
  );
}

/** Selected ones that the filter does not let through. It is not known, and not told, while parts of the list were never in sight. */
function hiddenOf(selection: Selection, rows: readonly (MachineRow | undefined)[]): number {
  let shown = 0;
  // Not by forEach: that passes over those that are not loaded.
  for (const row of rows) {
    if (row === undefined) return 0;
    if (selection.has(row.id)) shown++;
  }
  return selection.size - shown;
}
