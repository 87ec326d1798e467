import type { Job } from '../domain/job.ts';
import type { Run } from '../domain/run.ts';
import type { Store } from '../store/store.ts';
import { addRanges, mapRange, type Range, rangeOf } from './ranges.ts';

/** Newest runs that are looked at. */
const RUNS = 10;
const SECOND = 1000;
/** A guest's shutdown, where none was measured: a plain server to a busy one; a cutover waits five minutes at most. Milliseconds. */
const SHUTDOWN: Range = { low: 5 * SECOND, likely: 30 * SECOND, high: 300 * SECOND };
/** From the start at the target until it is up, where no cutover has measured it. Milliseconds. */
const START: Range = { low: 10 * SECOND, likely: 60 * SECOND, high: 300 * SECOND };

export interface ForecastPart {
  id: 'shutdown' | 'final-run' | 'start';
  ms: Range;
  basis: string;
  measured: boolean;
}

export interface CutoverForecast {
  downtimeMs?: Range;
  parts: ForecastPart[];
  basedOnRuns: number;
}

/** How long the machine would be down if its cutover began now. */
export async function forecast(store: Pick<Store, 'runs' | 'cutovers' | 'machines'>, job: Job): Promise<CutoverForecast> {
  const runs = (await store.runs.pageOfJob(job.id, RUNS)).filter(({ state }) => state === 'succeeded');
  const cutovers = await store.cutovers.ofJob(job.id);
  const machine = await store.machines.find(job.machineId);
  const final = await finalRun(store, runs);
  const parts: ForecastPart[] = [shutdown(machine?.inventory.powerState)];
  if (final) parts.push(final);
  const starts: number[] = [];
  for (const { state, finalRunId, endedAt } of cutovers) {
    const ended = finalRunId === undefined ? undefined : (await store.runs.find(finalRunId))?.endedAt;
    if (state === 'done' && ended && endedAt) starts.push(Date.parse(endedAt) - Date.parse(ended));
  }
  const measured = rangeOf(starts.filter((ms) => ms >= 0));
  parts.push({
    id: 'start',
    ms: measured ?? START,
    basis: measured
      ? `The boot of ${starts.length === 1 ? 'an earlier cutover' : `${starts.length} earlier cutovers`} of this migration.`
      : 'No cutover of this migration has been seen yet: an assumption for a server of usual size.',
    measured: measured !== undefined,
  });
  const basedOnRuns = runs.length;
  // Without a run nobody can tell how much the last one would have to carry.
  if (!final) return { parts, basedOnRuns };
  return { downtimeMs: parts.map(({ ms }) => ms).reduce(addRanges), parts, basedOnRuns };
}

function shutdown(power: string | undefined): ForecastPart {
  if (power === 'off') {
    return { id: 'shutdown', ms: { low: 0, likely: 0, high: 0 }, basis: 'The machine is off already.', measured: true };
  }
  return {
    id: 'shutdown',
    ms: SHUTDOWN,
    basis: 'An assumption: a guest with working tools shuts down by itself; after five minutes it is powered off hard.',
    measured: false,
  };
}

async function finalRun(store: Pick<Store, 'runs'>, runs: readonly Run[]): Promise<ForecastPart | undefined> {
  const lasted = ({ startedAt, endedAt }: Run) => Date.parse(endedAt ?? startedAt) - Date.parse(startedAt);
  const small = runs.filter(({ kind }) => kind === 'incremental' || kind === 'final');
  if (small.length > 0) {
    const many = small.length === 1 ? 'The last run that carried only changes' : `The last ${small.length} runs that carried only changes`;
    return { id: 'final-run', ms: rangeOf(small.map(lasted))!, basis: `${many}, as long as they took.`, measured: true };
  }
  const [whole] = runs;
  if (!whole) return undefined;
  // All but reading the whole disk is needed for changes as well.
  const phases = await store.runs.phases(whole.id);
  const fixed = phases
    .filter(({ phase }) => phase !== 'transfer' && phase !== 'verify')
    .reduce((all, { startedAt, endedAt }) => all + (Date.parse(endedAt ?? startedAt) - Date.parse(startedAt)), 0);
  const all = lasted(whole);
  const ms = mapRange({ low: fixed, likely: fixed + (all - fixed) / 10, high: all }, Math.round);
  const basis =
    'No run has carried only changes yet: between the fixed part of the first run and all of it, likely a tenth of its copying.';
  return { id: 'final-run', ms, basis, measured: false };
}
