import type { LiveDisk } from '../../stores/live.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { formatBytes, formatRate } from '../../ui/format.ts';
import classes from './migration.module.css';
import type { Run } from './next-step.ts';
import { phaseTimes } from './run-log.ts';

const { runs } = texts;

/** What a run has done until now: what is stored of it, and what was heard since. */
export function countsOf(run: Run, live: Readonly<Record<number, LiveDisk>> | undefined): Run['counts'] {
  const disks = Object.values(live ?? {});
  const { counts: stored } = run;
  const heard = (name: 'read' | 'sent' | 'zero' | 'unchanged') => disks.reduce((sum, { counts }) => sum + counts[name], 0);
  // While it copies, what is stored is what an earlier process had settled; once it has copied, it is all.
  const isFromBefore = run.state === 'running' && stored.read === stored.resumed;
  const of = (name: 'sent' | 'zero' | 'unchanged') => (isFromBefore ? stored[name] + heard(name) : Math.max(stored[name], heard(name)));
  const verified = disks.filter(({ activity }) => activity === 'verify').reduce((sum, { done }) => sum + done, 0);
  return {
    // Kept bytes were read as well, and are read back with the others.
    read: Math.max(stored.read, (run.state === 'running' ? stored.resumed : 0) + heard('read')),
    sent: of('sent'),
    zero: of('zero'),
    unchanged: of('unchanged'),
    resumed: stored.resumed,
    verified: Math.max(stored.verified, verified),
  };
}

/** Bytes a second that were sent, over the time in which it copied; undefined until it has, and where an earlier process copied a part. */
export function meanOf(run: Run, { sent, resumed }: Run['counts']): number | undefined {
  const times = phaseTimes(run).filter(({ phase }) => phase === 'transfer');
  const took = times.length === 1 ? (times[0]?.took ?? 0) : 0;
  return took > 0 && resumed === 0 ? (sent / took) * 1000 : undefined;
}

/** What a run has read, and what became of it. */
export function BytesOfRun({ counts, mean }: { counts: Run['counts']; mean: number | undefined }) {
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
      {mean === undefined ? null : (
        <div>
          <dt>{texts.throughput.mean}</dt>
          <dd className="tabular">{formatRate(mean)}</dd>
        </div>
      )}
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="tabular">{formatBytes(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
