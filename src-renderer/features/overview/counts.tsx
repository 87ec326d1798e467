import type { Output } from '../../../src-preload/contract/routes.ts';
import { go } from '../../go.ts';
import { showMachines } from '../../stores/machine-filter.ts';
import { showMigrations } from '../../stores/migration-filter.ts';
import { overviewTexts as texts } from '../../texts/overview.ts';
import { formatNumber } from '../../ui/format.ts';
import { type Status, StatusBadge, type Tone } from '../../ui/status-badge.tsx';
import classes from './overview.module.css';

type Figures = Output<'overview.get'>['counts'];

/** How many are as they should be, and how many are not; each leads to them. */
export function Counts({ counts }: { counts: Figures }) {
  const also = [
    counts.withoutPoint > 0 ? texts.alsoWithoutPoint(counts.withoutPoint) : undefined,
    counts.paused > 0 ? texts.alsoPaused(counts.paused) : undefined,
    counts.cutOver > 0 ? texts.alsoCutOver(counts.cutOver) : undefined,
  ].filter((text) => text !== undefined);
  return (
    <ul className={classes.counts} aria-label={texts.counts}>
      <Figure
        state="protected"
        word={texts.protected}
        meaning={texts.meaning.protected}
        value={counts.protected}
        below={[texts.migrations(counts.migrations), ...also].join(', ')}
        onClick={() => showMigrations('all')}
      />
      <Figure
        state="behind"
        word={texts.behind}
        meaning={texts.meaning.behind}
        value={counts.behind}
        onClick={() => showMigrations('behind')}
      />
      <Figure
        state="failed"
        word={texts.failed}
        meaning={texts.meaning.failed}
        value={counts.failed}
        onClick={() => showMigrations('failed')}
      />
      <Figure
        state="running"
        word={texts.running}
        meaning={texts.meaning.running}
        value={counts.running}
        onClick={() => showMigrations('running')}
      />
      <Figure
        state="none"
        word={texts.unprotected}
        meaning={texts.meaning.unprotected}
        value={counts.unprotected}
        below={texts.of(counts.machines)}
        onClick={() => (counts.machines === 0 ? go('/sources') : showMachines({ protection: 'none' }))}
      />
    </ul>
  );
}

function Figure(props: { state: Status; word: string; meaning: string; value: number; below?: string; onClick: () => void }) {
  const { value, below } = props;
  const tone: { tone?: Tone } = value === 0 ? { tone: 'idle' } : {};
  return (
    <li>
      <button type="button" className={classes.count} title={props.meaning} onClick={props.onClick}>
        <StatusBadge state={props.state} word={props.word} {...tone} />
        <span className={classes.number} data-none={value === 0 || undefined}>
          {formatNumber(value)}
        </span>
        {below === undefined ? null : (
          <span className={classes.of} title={below}>
            {below}
          </span>
        )}
      </button>
    </li>
  );
}
