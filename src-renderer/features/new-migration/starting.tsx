import { Anchor, Button, Progress as ProgressBar } from '@mantine/core';
import { useMemo } from 'react';
import { go, hrefOf } from '../../go.ts';
import { useRowHeight } from '../../stores/preferences.ts';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { Notice } from '../../ui/notice.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { type Column, VirtualTable } from '../../ui/virtual-table.tsx';
import type { MachineRow } from '../machines/columns.tsx';
import classes from './new-migration.module.css';
import type { Progress } from './start.ts';
import { StepTitle } from './step-title.tsx';

const texts = newMigrationTexts.start;
const states = {
  waiting: 'waiting',
  creating: 'running',
  scheduling: 'running',
  starting: 'running',
  done: 'succeeded',
  failed: 'failed',
} as const;

interface StartingProps {
  progress: readonly Progress[];
  /** Calls go on. */
  running: boolean;
  machines: readonly MachineRow[];
  onRetry: () => void;
  onBack: () => void;
}

/** How far each machine is; what failed, and a way to go on. */
export function Starting({ progress, running, machines, onRetry, onBack }: StartingProps) {
  const rowHeight = useRowHeight();
  const names = useMemo(() => new Map(machines.map(({ id, name }) => [id, name])), [machines]);
  const columns = useMemo((): Column<Progress>[] => {
    const nameOf = ({ machineId }: Progress) => names.get(machineId) ?? machineId;
    return [
      {
        id: 'machine',
        title: texts.columns.machine,
        width: 200,
        cell: (one) =>
          one.migrationId === undefined ? (
            nameOf(one)
          ) : (
            <Anchor href={hrefOf(`/migrations/${one.migrationId}`)} inherit underline="always">
              {nameOf(one)}
            </Anchor>
          ),
      },
      {
        id: 'state',
        title: texts.columns.state,
        width: 260,
        grow: true,
        cell: (one) => (
          <span title={wordOf(one)}>
            <StatusBadge state={states[one.step]} word={wordOf(one)} />
          </span>
        ),
      },
    ];
  }, [names]);
  const done = progress.filter(({ step }) => step === 'done').length;
  const failed = progress.filter(({ step }) => step === 'failed').length;
  return (
    <>
      <StepTitle title={texts.title} {...(running ? { hint: texts.leave } : {})} />
      <ProgressBar value={(100 * (done + failed)) / progress.length} aria-label={texts.title} size="sm" mb={6} />
      <p className={`${classes.hint} tabular`} role="status">
        {texts.progress(done, progress.length)}
      </p>
      {!running && failed > 0 ? (
        <>
          <Notice tone="bad" title={texts.partly(failed, progress.length)}>
            {texts.partlyHint}
          </Notice>
          <div className={`${classes.bar} ${classes.part}`}>
            <Button onClick={onRetry}>{texts.retry(failed)}</Button>
            {progress.some(({ migrationId }) => migrationId !== undefined) ? (
              <Button variant="default" onClick={() => go('/migrations')}>
                {texts.toList}
              </Button>
            ) : (
              <Button variant="default" onClick={onBack}>
                {texts.back}
              </Button>
            )}
          </div>
        </>
      ) : null}
      <div className={classes.table}>
        <VirtualTable
          label={texts.table}
          columns={columns}
          rows={progress}
          rowId={({ machineId }) => machineId}
          rowName={({ machineId }) => names.get(machineId) ?? machineId}
          rowHeight={rowHeight}
        />
      </div>
    </>
  );
}

function wordOf({ step, error, migrationId, scheduled }: Progress): string {
  if (step !== 'failed') return texts.states[step];
  const made = scheduled ? `${texts.made.migration} ${texts.made.schedule}` : migrationId === undefined ? '' : texts.made.migration;
  return `${texts.states.failed}: ${error?.message ?? ''} ${made}`.trim();
}
