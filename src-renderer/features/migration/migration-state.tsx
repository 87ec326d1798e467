import { migrationTexts as texts } from '../../texts/migration.ts';
import { type Status, StatusBadge, type Tone } from '../../ui/status-badge.tsx';
import { type Migration, type Situation, situation } from './next-step.ts';

const looks: Record<Situation, { state: Status; tone?: Tone }> = {
  syncing: { state: 'running' },
  'cutting-over': { state: 'running' },
  'rolling-back': { state: 'rolling-back' },
  verifying: { state: 'running' },
  queued: { state: 'waiting', tone: 'busy' },
  'cut-over': { state: 'cut-over' },
  'cutover-failed': { state: 'failed' },
  mismatch: { state: 'mismatch' },
  'first-run': { state: 'none' },
  failed: { state: 'failed' },
  paused: { state: 'paused' },
  ready: { state: 'protected' },
};

/** Where a migration stands, as icon and word. `more` follows the word. */
export function MigrationState({
  migration,
  more,
}: {
  migration: Parameters<typeof situation>[0] & Partial<Migration>;
  more?: string | undefined;
}) {
  const where = situation(migration);
  const { state, tone } = looks[where];
  const word = more === undefined ? texts.status[where] : `${texts.status[where]}, ${more}`;
  return <StatusBadge state={state} word={word} {...(tone === undefined ? {} : { tone })} />;
}
