import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import { type Cutover, type CutoverPhase, type CutoverSettings, type CutoverTimes, cutoverPhases, downtimeOf } from '../domain/cutover.ts';
import { durationText } from '../domain/duration-text.ts';
import type { Job } from '../domain/job.ts';
import type { Run } from '../domain/run.ts';
import type { SourceProvider } from '../providers/source.ts';
import type { TargetProvider } from '../providers/target.ts';
import type { StoredMachine } from '../store/repositories/vms.ts';
import { type ReplicationParts, type RunReport, replicaId } from './context.ts';
import { createOutage } from './outage.ts';
import { retrying } from './retry.ts';

/** Milliseconds for bringing the source back: a rollback goes on when the person has already pressed Ctrl-C. */
const ROLLBACK_DEADLINE = 10 * 60_000;

/** For people, where a machine runs at the target that no migration tells of any more. */
export const howToStop = 'Stop it there first, on the page of the targets; or use the machine that runs there.';

/** What a cutover needs of the replicator. */
export interface Corridor {
  startRun(jobId: string, kind: 'incremental' | 'final', id: string, signal: AbortSignal): Promise<RunReport>;
  resumeRun(run: Run, signal: AbortSignal): Promise<RunReport | undefined>;
  jobOf(jobId: string): Promise<{ job: Job; machine: StoredMachine }>;
}

interface CutoverContext {
  parts: ReplicationParts;
  /** What calls are repeated by: it tells of that in the run. */
  calls: Parameters<typeof retrying>[0];
  /** The job's newest run. */
  runId: string | undefined;
  corridor: Corridor;
  cutover: Cutover;
  job: Job;
  machine: StoredMachine;
  source: SourceProvider;
  target: TargetProvider;
  signal: AbortSignal;
}

const steps: Record<CutoverPhase, (c: CutoverContext) => Promise<void>> = {
  'pre-sync': preSync,
  'pre-boot-check': preCheckBoot,
  'power-off': powerOff,
  'final-run': finalRun,
  'boot-check': checkBoot,
  start: startAtTarget,
  finished: async () => {},
};

/**
 * Walks a cutover from its stored phase to its end; also one that a killed process left, whose operator wanted it. A failure once the
 * source may be off undoes everything, unless the machine already runs at the target. Throws unless it is done
 * (an interrupted rollback that is finished here is answered).
 */
export async function continueCutover(
  parts: ReplicationParts,
  corridor: Corridor,
  cutover: Cutover,
  signal: AbortSignal,
): Promise<Cutover> {
  if (cutover.state === 'rolling-back') return rollBackCutover(parts, corridor, cutover, signal);
  return walk(await open(parts, corridor, cutover, signal));
}

/** The same from the beginning. Nothing is stored of one whose source or target is not there: the next start would go on with it by itself. */
export async function beginCutover(parts: ReplicationParts, corridor: Corridor, cutover: Cutover, signal: AbortSignal): Promise<Cutover> {
  const c = await open(parts, corridor, cutover, signal);
  await parts.store.cutovers.add(cutover);
  return walk(c);
}

async function walk(c: CutoverContext): Promise<Cutover> {
  const { parts, corridor, cutover, signal } = c;
  try {
    for (const phase of cutoverPhases.slice(cutoverPhases.indexOf(cutover.phase))) {
      signal.throwIfAborted();
      cutover.phase = phase;
      const does = isDone(phase, cutover.settings);
      if (does) beginPhase(c, phase);
      await save(c);
      if (does) {
        parts.onEvent({ type: 'cutover', cutoverId: cutover.id, jobId: cutover.jobId, phase });
      }
      await parts.crashpoint(`cutover:${phase}:entered`);
      await steps[phase](c);
      await parts.crashpoint(`cutover:${phase}:done`);
    }
    await parts.store.jobs.setState(c.job.id, 'cut-over');
    await parts.crashpoint('cutover:job-marked');
    return await end(c, 'done');
  } catch (caught) {
    const error = toOctopusError(signal.aborted ? signal.reason : caught);
    cutover.error = { code: error.code, message: error.message };
    if (cutover.handle !== undefined) {
      // It runs there: stopping it would lose what it has written since. The next start finishes the bookkeeping.
      throw error;
    }
    if (cutover.phase === 'pre-sync' || cutover.phase === 'pre-boot-check') {
      await end(c, error.code === 'operation.cancelled' ? 'cancelled' : 'failed');
      throw error;
    }
    const rolledBack = await rollBackCutover(parts, corridor, cutover, signal);
    throw new OctopusError(error.code, `${error.message} The cutover was rolled back. ${rolledBack.undone.join(' ')}`, { cause: error });
  }
}

/** Undoes a cutover, done or half done: the machine stops at the target and the source is powered on again. May be repeated. */
export async function rollBackCutover(
  parts: ReplicationParts,
  corridor: Corridor,
  cutover: Cutover,
  signal: AbortSignal,
): Promise<Cutover> {
  // The source must come back also when the cutover was cancelled.
  const own = signal.aborted ? AbortSignal.timeout(ROLLBACK_DEADLINE) : signal;
  const c = await open(parts, corridor, cutover, own);
  const { name, ref } = c.machine.inventory;
  cutover.state = 'rolling-back';
  await save(c);
  parts.onEvent({ type: 'cutover', cutoverId: cutover.id, jobId: cutover.jobId, phase: 'roll-back' });
  await parts.crashpoint('cutover:roll-back:entered');
  if (cutover.startAttempted) {
    const id = replicaId(c.machine);
    // A process that died in start() never learned the handle. Asked for without starting: what cannot start must not keep the source off.
    const handle = cutover.handle ?? (await startedFrom(c, id, own));
    if (handle !== undefined) {
      await retrying(c.calls, own, (either) => c.target.stop(id, handle, either));
      undid(cutover, `${name} was stopped at the target, and what it wrote there was discarded.`);
    }
    cutover.handle = undefined;
    cutover.startAttempted = false;
    await save(c);
    await parts.crashpoint('cutover:roll-back:stopped');
  }
  if (cutover.sourceWasOn) {
    await retrying(c.calls, own, (either) => c.source.powerOn(ref, either));
    timesOf(cutover).backAt = nowOf(c);
    undid(cutover, `${name} was powered on again at the source.`);
    // The final run had seen it off: lists and the forecast would say so until the next inventory.
    await parts.store.machines.put({ ...c.machine, inventory: { ...c.machine.inventory, powerState: 'on' } });
  }
  if (cutover.undone.length === 0) undid(cutover, 'Nothing had to be undone.');
  await parts.store.jobs.setState(c.job.id, 'active');
  await parts.crashpoint('cutover:roll-back:powered-on');
  return end(c, 'rolled-back');
}

async function preSync(c: CutoverContext): Promise<void> {
  await requireNotStarted(c);
  if (!c.cutover.settings.preSync) return;
  const { run } = await c.corridor.startRun(c.job.id, 'incremental', c.parts.newId(), c.signal);
  c.runId = run.id;
}

/** A replica that does not start is found out while the source still works. */
async function preCheckBoot(c: CutoverContext): Promise<void> {
  if (!isDone('pre-boot-check', c.cutover.settings)) return;
  const point = await c.parts.store.recoveryPoints.newestHeld(c.job.id);
  if (!point) throw new OctopusError('internal.unexpected', 'The run before the power-off has left no recovery point.');
  c.parts.onEvent({ type: 'note', runId: point.runId, text: 'Booting the recovery point, before the source is powered off.' });
  await expectBoot(c, point.id, 'It was not powered off at the source.');
}

/** One that an earlier migration left running there: found out while the source still works. */
async function requireNotStarted(c: CutoverContext): Promise<void> {
  const { name } = c.machine.inventory;
  const [handle] = await retrying(c.calls, c.signal, (signal) => c.target.started(replicaId(c.machine), signal));
  if (handle === undefined) return;
  const what = `${name} is started at the target already (${handle}), by a migration that was removed since.`;
  throw new OctopusError('target.busy', `${what} It was not powered off at the source. ${howToStop}`);
}

async function powerOff(c: CutoverContext): Promise<void> {
  const { cutover } = c;
  const { ref } = c.machine.inventory;
  if (cutover.sourceWasOn === undefined) {
    cutover.sourceWasOn = (await retrying(c.calls, c.signal, (signal) => c.source.powerState(ref, signal))) === 'on';
    await save(c);
    await c.parts.crashpoint('cutover:power-off:asked');
  }
  const times = timesOf(cutover);
  if (cutover.sourceWasOn) {
    // Stored before: a crash in it must not shorten what people are told.
    times.downAt ??= nowOf(c);
    await save(c);
  }
  const options = { deadlineMs: cutover.settings.shutdownDeadlineMs };
  const how = await retrying(c.calls, c.signal, (signal) => c.source.powerOff(ref, options, signal));
  cutover.poweredOff ??= how;
  if (how === 'no-power') delete times.downAt;
  await save(c);
}

async function finalRun(c: CutoverContext): Promise<void> {
  const { cutover, parts } = c;
  const before = cutover.finalRunId === undefined ? undefined : await parts.store.runs.find(cutover.finalRunId);
  if (before?.state === 'succeeded') return;
  if (before?.state === 'running' && (await c.corridor.resumeRun(before, c.signal))) return;
  // Stored before it begins, so that the next start knows whose run it is.
  cutover.finalRunId = parts.newId();
  await save(c);
  await parts.crashpoint('cutover:final-run:named');
  await c.corridor.startRun(c.job.id, 'final', cutover.finalRunId, c.signal);
  c.runId = cutover.finalRunId;
}

async function checkBoot(c: CutoverContext): Promise<void> {
  if (isDone('boot-check', c.cutover.settings)) await expectBoot(c, await finalPoint(c));
}

async function expectBoot(c: CutoverContext, point: string, more = ''): Promise<void> {
  const { expectConsole, bootTimeoutMs } = c.cutover.settings;
  const seen = await c.target.observeBoot(replicaId(c.machine), point, { console: expectConsole, timeoutMs: bootTimeoutMs }, c.signal);
  if (seen.passed) {
    timesOf(c.cutover).bootMs = seen.tookMs;
    return;
  }
  const message = `The replica of ${c.machine.inventory.name} did not start as expected: ${sentence(seen.evidence)} ${more}`;
  throw new OctopusError('verify.boot', message.trim());
}

/** Ends with the console's words or QEMU's, mostly. */
const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

async function startAtTarget(c: CutoverContext): Promise<void> {
  const { cutover } = c;
  const { ref, name } = c.machine.inventory;
  const state = await retrying(c.calls, c.signal, (signal) => c.source.powerState(ref, signal));
  if (state === 'on') {
    throw new OctopusError('source.busy', `${name} was powered on again during its cutover: starting it at the target would split it.`);
  }
  const point = await finalPoint(c);
  cutover.startAttempted = true;
  await save(c);
  await c.parts.crashpoint('cutover:start:attempted');
  const started = await c.target.start(replicaId(c.machine), point, c.signal);
  await c.parts.crashpoint('cutover:start:started');
  cutover.handle = started.handle;
  cutover.where = started.where;
  timesOf(cutover).upAt ??= nowOf(c);
  await save(c);
}

async function startedFrom(c: CutoverContext, id: string, signal: AbortSignal): Promise<string | undefined> {
  const point = await finalPoint(c);
  return retrying(c.calls, signal, (either) => c.target.startedFrom(id, point, either));
}

/** The recovery point that the final run left. */
async function finalPoint(c: CutoverContext): Promise<string> {
  const run = c.cutover.finalRunId === undefined ? undefined : await c.parts.store.runs.find(c.cutover.finalRunId);
  if (run?.state !== 'succeeded') throw new OctopusError('internal.unexpected', 'The cutover has no proven final run.');
  return run.recoveryPointId;
}

async function open(parts: ReplicationParts, corridor: Corridor, cutover: Cutover, signal: AbortSignal): Promise<CutoverContext> {
  const { job, machine } = await corridor.jobOf(cutover.jobId);
  const source = await parts.source(machine.sourceEnvironmentId, signal);
  const target = await parts.target(job.targetEnvironmentId, signal);
  const [last] = await parts.store.runs.pageOfJob(job.id, 1);
  const c: CutoverContext = { parts, calls: parts, runId: last?.id, corridor, cutover, job, machine, source, target, signal };
  c.calls = { clock: parts.clock, retry: parts.retry, outage: createOutage(() => c.runId, parts.onEvent) };
  return c;
}

function timesOf(cutover: Cutover): CutoverTimes {
  cutover.times ??= { phases: [] };
  return cutover.times;
}

/** Without a text to expect nothing is booted. */
function isDone(phase: CutoverPhase, { preSync, expectConsole }: CutoverSettings): boolean {
  if (phase === 'pre-boot-check') return preSync && expectConsole !== undefined;
  return phase !== 'boot-check' || expectConsole !== undefined;
}

/** One that an ended process had begun goes on: it was begun then. */
function beginPhase(c: CutoverContext, phase: CutoverPhase): void {
  const { phases } = timesOf(c.cutover);
  if (!phases.some((known) => known.phase === phase)) phases.push({ phase, startedAt: nowOf(c) });
}

const nowOf = ({ parts }: CutoverContext) => parts.clock.now().toISOString();

function undid(cutover: Cutover, sentence: string): void {
  if (!cutover.undone.includes(sentence)) cutover.undone.push(sentence);
}

function save(c: CutoverContext): Promise<void> {
  return c.parts.store.cutovers.save(c.cutover);
}

async function end(c: CutoverContext, state: 'done' | 'rolled-back' | 'failed' | 'cancelled'): Promise<Cutover> {
  const at = c.parts.clock.now().toISOString();
  const { cutover } = c;
  cutover.state = state;
  cutover.endedAt = at;
  await save(c);
  const downtime = downtimeOf(cutover);
  const off = downtime === undefined ? '' : ` It was off for ${durationText(downtime)}.`;
  const message =
    state === 'done'
      ? `${startedText(cutover)}${off}${cutover.poweredOff === 'no-power' ? ' There was nothing to power off at the source: it is disk images.' : ''}`
      : // Where it ran at the target meanwhile, that was told when it was cut over.
        `${[cutover.error?.message ?? '', ...cutover.undone].join(' ').trim()}${cutover.times?.upAt === undefined ? off : ''}`;
  await c.parts.store.activity.add({ at, action: `cutover.${state}`, subject: c.job.id, message });
  c.parts.onEvent({ type: 'cutover-ended', cutover });
  return cutover;
}

function startedText({ where, settings }: Cutover): string {
  if (settings.expectConsole !== undefined) return `The machine runs at the target (${where}).`;
  return `The machine was started at the target (${where}). Its boot was not verified.`;
}
