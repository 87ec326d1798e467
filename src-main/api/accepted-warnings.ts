import type { Check, CheckId } from '../../src-preload/contract/routes/migration-insight.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Job } from '../domain/job.ts';
import type { InsightService } from './services.ts';

/** What a cutover of the job is warned against now: all that its checks did not pass. */
export async function warningsOf(
  insight: Pick<InsightService, 'check'>,
  { machineId, targetEnvironmentId, settings }: Job,
  checksBoot: boolean,
  signal: AbortSignal,
): Promise<Check[]> {
  const items = await insight.check({ machineId, targetId: targetEnvironmentId, quiesce: settings.quiesce }, signal);
  // That the machine is replicated there already is no warning here: it is this migration. A boot that is checked anew needs no old one.
  const ofThis = items.filter(({ id }) => id !== 'conflict' && !(id === 'boot-failed' && checksBoot));
  return ofThis.filter(({ outcome }) => outcome !== 'pass');
}

/** A cutover that is warned against begins only where a person took each warning on: a disk that is left out is missing at the target. */
export async function requireAccepted(
  insight: Pick<InsightService, 'check'>,
  job: Job,
  { accepted, checksBoot }: { accepted: readonly CheckId[]; checksBoot: boolean },
  signal: AbortSignal,
): Promise<void> {
  const open = (await warningsOf(insight, job, checksBoot, signal)).filter(({ id }) => !accepted.includes(id));
  if (open.length === 0) return;
  const kinds = [...new Set(open.map(({ id }) => id))];
  throw new OctopusError(
    'job.state',
    `The cutover was not begun, because nobody has accepted this: ${open.map(({ text }) => text).join(' ')} Mend it, or accept it (${kinds.join(', ')}).`,
    { field: 'accept', details: { kinds: kinds.join(' ') } },
  );
}
