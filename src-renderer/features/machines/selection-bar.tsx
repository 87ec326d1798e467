import { Button, Tooltip } from '@mantine/core';
import { IconTransfer, IconX } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { Input } from '../../../src-preload/contract/routes.ts';
import { toClientError } from '../../api/client-error.ts';
import { useClient } from '../../api/queries.tsx';
import { go } from '../../go.ts';
import { notifyFailed } from '../../notify.tsx';
import { MOST_CHOSEN, newMigrationPath } from '../../stores/machine-choice.ts';
import { useMay } from '../../stores/session.ts';
import { machineTexts } from '../../texts/machines.ts';
import type { Selection } from '../../ui/selection.ts';
import type { MachineRow } from './columns.tsx';
import classes from './machines.module.css';

interface SelectionBarProps {
  selection: Selection;
  rows: readonly MachineRow[];
  total: number;
  query: Input<'vms.list'>['query'];
  onSelection: (selection: Selection) => void;
}

/** What can be done with the machines that are selected. */
export function SelectionBar({ selection, rows, total, query, onSelection }: SelectionBarProps) {
  const client = useClient();
  const may = useMay('operator');
  const [busy, setBusy] = useState(false);
  const shown = useMemo(() => rows.reduce((sum, { id }) => sum + (selection.has(id) ? 1 : 0), 0), [rows, selection]);
  const tooMany = selection.size > MOST_CHOSEN;
  const reason = may ? (tooMany ? machineTexts.selection.tooMany(MOST_CHOSEN) : undefined) : machineTexts.mayNot;

  async function selectAll(): Promise<void> {
    setBusy(true);
    try {
      const ids = new Set<string>();
      let cursor: string | undefined;
      do {
        const page = await client.call('vms.list', { query: { ...query, limit: 1000, ...(cursor === undefined ? {} : { cursor }) } });
        for (const { id } of page.items) ids.add(id);
        cursor = page.next;
      } while (cursor !== undefined);
      onSelection(ids);
    } catch (error) {
      notifyFailed(toClientError(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <section className={classes.chosen} aria-label={machineTexts.selection.label}>
      <strong aria-live="polite">{machineTexts.selection.chosen(selection.size)}</strong>
      {shown < selection.size && shown < rows.length ? (
        <span className={classes.quiet}>{machineTexts.selection.hidden(selection.size - shown)}</span>
      ) : null}
      {selection.size < total ? (
        <Button variant="subtle" loading={busy} onClick={() => void selectAll()}>
          {machineTexts.selection.all(total)}
        </Button>
      ) : null}
      <Button variant="subtle" color="gray" leftSection={<IconX size={13} aria-hidden />} onClick={() => onSelection(new Set())}>
        {machineTexts.selection.clear}
      </Button>
      <span className={classes.spread} />
      <Tooltip label={reason} disabled={reason === undefined}>
        <Button
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
