import { useLiveRun } from '../../stores/live.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { formatBytes } from '../../ui/format.ts';
import classes from './migration.module.css';
import type { Run } from './next-step.ts';

const { runs } = texts;

/** What a run has read, and what became of it. */
export function BytesOfRun({ migrationId, run }: { migrationId: string; run: Run }) {
  const live = useLiveRun(migrationId);
  const disks = live?.runId === run.id ? Object.values(live.disks) : [];
  const heard = (name: 'read' | 'sent' | 'zero' | 'unchanged') => {
    // What is stored is older while it copies, and whole once it has copied.
    return Math.max(
      run.counts[name],
      disks.reduce((sum, { counts: of }) => sum + of[name], 0),
    );
  };
  const verified = disks.filter(({ activity }) => activity === 'verify').reduce((sum, { done }) => sum + done, 0);
  const counts = {
    ...run.counts,
    read: heard('read'),
    sent: heard('sent'),
    zero: heard('zero'),
    unchanged: heard('unchanged'),
    verified: Math.max(run.counts.verified, verified),
  };
  const items: [string, number][] = [
    [runs.read, counts.read],
    [runs.sent, counts.sent],
    [runs.zero, counts.zero],
    [runs.unchanged, counts.unchanged],
    [runs.verified, counts.verified],
  ];
  if (counts.resumed > 0) items.push([runs.resumed, counts.resumed]);
  return (
    <dl className={classes.nextFacts}>
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="tabular">{formatBytes(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
