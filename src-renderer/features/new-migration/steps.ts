import { newMigrationTexts } from '../../texts/new-migration.ts';
import { formatBytes, formatRate } from '../../ui/format.ts';
import { bytesOf } from '../../ui/rate.ts';
import { type Plan, planProblems, type Rhythm } from './plan.ts';
import type { Checks } from './use-checks.ts';
import type { Estimated } from './use-estimate.ts';

export const stepIds = ['machines', 'target', 'mapping', 'schedule', 'checks', 'review'] as const;
export type StepId = (typeof stepIds)[number];

/** How a step stands, in a line. */
export interface StepView {
  tone: 'good' | 'warn' | 'bad' | 'busy' | 'idle';
  says: string;
}

interface Situation {
  names: readonly string[];
  target: { name: string; freeBytes?: number | undefined } | undefined;
  plan: Plan;
  /** Octopus itself refuses the schedule. */
  refused: boolean;
  checks: Pick<Checks, 'all' | 'fail' | 'warn' | 'pending' | 'asked'>;
  accepted: boolean;
  estimate: Pick<Estimated, 'total'>;
}

export function viewsOf(now: Situation): Record<StepId, StepView> {
  const { schedule, mapping } = newMigrationTexts;
  const { plan, target } = now;
  const reason = reasonOf(now);
  const wrong = planProblems(plan);
  const copied = [
    mapping.says[plan.verify],
    ...(plan.quiesce ? [mapping.says.quiesce] : []),
    ...(plan.limit === undefined ? [] : [mapping.says.limit(formatRate(bytesOf(plan.limit)))]),
  ];
  return {
    machines: { tone: now.names.length === 0 ? 'idle' : 'good', says: machinesSay(now.names) },
    target: { tone: target ? 'good' : 'idle', says: target?.name ?? newMigrationTexts.target.none },
    mapping: { tone: wrong.mapping ? 'bad' : 'good', says: copied.join(', ') },
    schedule: {
      tone: wrong.schedule || now.refused ? 'bad' : 'good',
      says: [rhythmSays(plan.rhythm), schedule.say.keep(plan.keep)].join('; '),
    },
    checks: checksView(now),
    review: { tone: reason === undefined ? 'good' : 'idle', says: reason === undefined ? '' : newMigrationTexts.review.reasons[reason] },
  };
}

/** As usual, until somebody has looked at it: it does not count as done. */
export function asSeen(views: Record<StepId, StepView>, seen: ReadonlySet<StepId>): Record<StepId, StepView> {
  const { usual } = newMigrationTexts;
  const shown = (id: StepId) => (seen.has(id) ? views[id] : { tone: 'idle' as const, says: usual(views[id].says) });
  return { ...views, mapping: shown('mapping'), schedule: shown('schedule') };
}

/** Why it cannot be started yet. */
export function reasonOf({
  names,
  target,
  plan,
  refused,
  checks,
  accepted,
}: Situation): keyof typeof newMigrationTexts.review.reasons | undefined {
  if (names.length === 0) return 'machines';
  if (!target) return 'target';
  const wrong = planProblems(plan);
  if (wrong.mapping) return 'mapping';
  if (wrong.schedule || refused) return 'schedule';
  if (checks.pending.length > 0) return 'checking';
  if (checks.fail.length > 0) return 'blocked';
  if (checks.warn.length > 0 && !accepted) return 'warnings';
  return undefined;
}

function machinesSay(names: readonly string[]): string {
  if (names.length === 0) return newMigrationTexts.choose.none;
  return names.length <= 3 ? names.join(', ') : `${newMigrationTexts.machines(names.length)}: ${names.slice(0, 2).join(', ')} …`;
}

export function rhythmSays(rhythm: Rhythm): string {
  const { say } = newMigrationTexts.schedule;
  const { mode, count, unit, time, days, zone, expression, windows } = rhythm;
  if (mode === 'none') return say.none;
  const when = mode === 'every' ? say.every(count, unit) : mode === 'at' ? say.at(time, days, zone) : say.cron(expression, zone);
  return windows.length === 0 ? when : `${when}, ${say.windows(windows.length)}`;
}

function checksView({ checks, accepted, estimate }: Situation): StepView {
  const { short, running } = newMigrationTexts.checks;
  const moves = estimate.total ? [newMigrationTexts.estimate.short(formatBytes(estimate.total.moved.likely))] : [];
  const say = (...texts: string[]) => [...texts, ...moves].join('; ');
  const { all, fail, warn, pending } = checks;
  if (!checks.asked) return { tone: 'idle', says: say(short.waiting) };
  if (pending.length > 0) return { tone: 'busy', says: running(all.length - pending.length, all.length) };
  if (fail.length > 0) return { tone: 'bad', says: say(short.fail(fail.length)) };
  if (warn.length > 0) return { tone: accepted ? 'good' : 'warn', says: say(short.warn(warn.length)) };
  return { tone: 'good', says: say(short.pass) };
}
