import type { Cutover } from '../domain/cutover.ts';
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
  const parts: ForecastPart[] = [shutdown(machine?.inventory.powerState, cutovers)];
  if (final) parts.push(final);
  parts.push(await start(store, cutovers));
  const basedOnRuns = runs.length;
  // Without a run nobody can tell how much the last one would have to carry.
  if (!final) return { parts, basedOnRuns };
  return { downtimeMs: parts.map(({ ms }) => ms).reduce(addRanges), parts, basedOnRuns };
}

/** The last one counts most, the others say how it varies. Undefined where none was seen. */
function seen(newestFirst: readonly number[]): Range | undefined {
  const range = rangeOf(newestFirst);
  return range && { ...range, likely: newestFirst[0]! };
}

const inCutovers = (what: string, count: number) =>
  count === 1 ? `${what} in the last cutover.` : `${what} in the last cutover, and in the ${count - 1} before it.`;

const between = (from: string | undefined, to: string | undefined): number[] => {
  const ms = from === undefined || to === undefined ? -1 : Date.parse(to) - Date.parse(from);
  return ms >= 0 ? [ms] : [];
};

const begun = ({ times }: Cutover, wanted: string) => times?.phases.find(({ phase }) => phase === wanted)?.startedAt;

/** Also of those that were rolled back since: what a cutover took does not change by that. */
async function start(store: Pick<Store, 'runs'>, cutovers: readonly Cutover[]): Promise<ForecastPart> {
  const starts: number[] = [];
  for (const cutover of cutovers) {
    const { state, finalRunId, endedAt, times } = cutover;
    if (times?.upAt !== undefined) starts.push(...between(begun(cutover, 'start'), times.upAt));
    // Before its times were kept.
    else if (state === 'done' && finalRunId !== undefined) starts.push(...between((await store.runs.find(finalRunId))?.endedAt, endedAt));
  }
  // Until the guest itself was up, which the start at the target does not wait for.
  const boots = cutovers.flatMap(({ times }) => times?.bootMs ?? []);
  const booted = seen(boots);
  if (booted) {
    return { id: 'start', ms: booted, basis: inCutovers('As long as its boot check took to see it up', boots.length), measured: true };
  }
  const measured = seen(starts);
  return {
    id: 'start',
    ms: measured ?? START,
    basis: measured
      ? `${inCutovers('As long as its start at the target took', starts.length)} The guest's own start comes on top: no boot check has measured it.`
      : 'No cutover of this migration has been seen yet: an assumption for a server of usual size.',
    measured: measured !== undefined,
  };
}

function shutdown(power: string | undefined, cutovers: readonly Cutover[]): ForecastPart {
  if (power === 'off') {
    return { id: 'shutdown', ms: { low: 0, likely: 0, high: 0 }, basis: 'The machine is off already.', measured: true };
  }
  const downs = cutovers.flatMap((cutover) => between(cutover.times?.downAt, begun(cutover, 'final-run')));
  const measured = seen(downs);
  if (measured) return { id: 'shutdown', ms: measured, basis: inCutovers('As long as its shutdown took', downs.length), measured: true };
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
