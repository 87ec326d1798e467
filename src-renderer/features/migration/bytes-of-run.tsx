import { useLiveRun } from '../../stores/live.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { formatBytes, formatRate } from '../../ui/format.ts';
import classes from './migration.module.css';
import type { Run } from './next-step.ts';

const { runs } = texts;

/** What a run has read, and what became of it. */
export function BytesOfRun({ migrationId, run, mean }: { migrationId: string; run: Run; mean?: boolean }) {
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
  const copying = run.phases?.find(({ phase }) => phase === 'transfer');
  const took = copying?.endedAt === undefined ? 0 : Date.parse(copying.endedAt) - Date.parse(copying.startedAt);
  return (
    <dl className={classes.nextFacts}>
      {mean && took > 0 && counts.resumed === 0 ? (
        <div>
          <dt>{texts.throughput.mean}</dt>
          <dd className="tabular">{formatRate((counts.sent / took) * 1000)}</dd>
        </div>
      ) : null}
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="tabular">{formatBytes(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
