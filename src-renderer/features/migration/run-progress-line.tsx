import { Progress } from '@mantine/core';
import type { ReactNode } from 'react';
import { useLive, useLiveRun } from '../../stores/live.ts';
import { progressOfRun } from '../../stores/run-progress.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { formatBytes, formatDuration, formatPercent, formatRate } from '../../ui/format.ts';
import { useNow } from '../../ui/values.tsx';
import classes from './migration.module.css';
import type { Migration } from './next-step.ts';

/** How far the run or the verification is, how quick, and how long it may still take. */
export function RunProgressLine({ migration }: { migration: Migration }) {
  const now = useNow(1000);
  const run = useLiveRun(migration.id);
  const verify = useLive(({ verifies }) => verifies[migration.id]);
  if (migration.working === 'verify') {
    const disks = Object.values(verify?.disks ?? {});
    const done = disks.reduce((sum, disk) => sum + disk.done, 0);
    const total = disks.reduce((sum, disk) => sum + disk.total, 0);
    if (total === 0) return null;
    return <ProgressLine label={texts.progress.verifying} word={texts.progress.verify} done={done} total={total} part={done / total} />;
  }
  if (run?.state !== 'running') return null;
  const progress = progressOfRun(run, now);
  // What a phase has to do is told with its first block.
  if (!progress || progress.total === 0 || (run.phase !== 'transfer' && run.phase !== 'verify' && run.phase !== '')) return null;
  return (
    <ProgressLine
      label={texts.progress.label}
      word={texts.progress[progress.activity]}
      {...progress}
      after={
        <>
          {progress.rate === undefined ? null : <span>{texts.progress.sent(formatRate(progress.rate))}</span>}
          {progress.readBack === undefined ? null : <span>{texts.progress.readBack(formatRate(progress.readBack))}</span>}
          <span title={texts.progress.remainingTitle}>
            {progress.remainingMs === undefined
              ? texts.progress.unknownRemaining
              : texts.progress.remaining(formatDuration(progress.remainingMs))}
          </span>
        </>
      }
    />
  );
}

function ProgressLine(props: { label: string; word: string; done: number; total: number; part: number | undefined; after?: ReactNode }) {
  return (
    <div className={classes.progress}>
      <div className={classes.progressLine}>
        <strong>
          {props.word} {formatPercent(props.part)}
        </strong>
        <span>{texts.progress.of(formatBytes(props.done), formatBytes(props.total))}</span>
        {props.after}
      </div>
      <Progress value={(props.part ?? 0) * 100} size={6} aria-label={props.label} color="teal" transitionDuration={200} />
    </div>
  );
}
