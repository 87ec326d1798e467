import { type Check, type CheckId, checkIds } from '../../../src-preload/contract/routes/migration-insight.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { warningsOf } from '../../api/accepted-warnings.ts';
import type { Job } from '../../domain/job.ts';
import type { Octopus } from '../../octopus.ts';
import { checkMigration } from '../../serve/check-migration.ts';
import { type Terminal, usageError } from '../command.ts';

/** What a cutover is warned against, in the result. */
export interface CutoverWarning extends Pick<Check, 'outcome' | 'text' | 'action'> {
  code: CheckId;
  accepted: boolean;
}

/** `--accept disks,space`, or `all`. */
export function parseAccepted(text: string): readonly CheckId[] {
  if (text === 'all') return checkIds;
  return text.split(',').map((code) => {
    const known = checkIds.find((id) => id === code.trim());
    if (known === undefined)
      throw usageError('accept', `--accept takes all or the codes of warnings, not '${code}'; these are ${checkIds.join(', ')}.`);
    return known;
  });
}

export async function cutoverWarnings(
  octopus: Octopus,
  job: Job,
  { accepted, expectConsole }: { accepted: readonly CheckId[]; expectConsole: string | undefined },
  signal: AbortSignal,
): Promise<CutoverWarning[]> {
  const insight = { check: (wanted: Parameters<typeof checkMigration>[1], either: AbortSignal) => checkMigration(octopus, wanted, either) };
  const found = await warningsOf(insight, job, expectConsole !== undefined, signal);
  return found.map(({ id, outcome, text, action }) => ({ code: id, outcome, text, action, accepted: accepted.includes(id) }));
}

/** Shows each warning with what can be done about it. Throws unless all are accepted. */
export function requireEachAccepted(warnings: CutoverWarning[], accept: string | undefined, terminal: Terminal): void {
  for (const { code, outcome, text, action, accepted } of warnings) {
    terminal.err(`  ${outcome === 'fail' ? 'failure' : 'warning'} ${code}${accepted ? ' (accepted)' : ''}: ${text}`);
    if (action !== undefined) terminal.err(`    ${action}`);
  }
  const open = [...new Set(warnings.filter(({ accepted }) => !accepted).map(({ code }) => code))];
  if (open.length === 0) return;
  const all = [accept ?? [], open].flat().join(',');
  throw new OctopusError(
    'job.state',
    `The cutover was not begun, because nobody has accepted ${open.join(', ')}: nothing was copied, and the source was not touched. Mend it, or accept it by --accept ${all}.`,
    { field: 'accept' },
  );
}
