import { create } from 'zustand';
import { dataOf, type EventData, type StoredEvent } from '../api/stored-event.ts';

export interface LiveDisk {
  key: number;
  activity: 'transfer' | 'verify';
  /** Bytes, of what this activity has to do. */
  done: number;
  total: number;
  counts: EventData<'run.progress'>['counts'];
  mode?: string;
  capacity?: number;
}

/** One second: bytes per second copied (read from the source), put through to the target, and read back. */
export interface Sample {
  /** Seconds since the epoch. */
  at: number;
  read: number;
  sent: number;
  verified: number;
}

/** What a run told people while it went on. */
export interface LogLine {
  at: string;
  kind: 'note' | 'retry';
  text: string;
  /** The error's, of a retry. */
  code?: string;
  attempt?: number;
}

/** A recovery point that is read again: bytes, of all its disks. */
export interface LiveVerify {
  operationId: string;
  disks: Readonly<Record<number, { done: number; total: number }>>;
}

export interface LiveRun {
  migrationId: string;
  runId: string;
  machine?: string;
  phase: string;
  startedAt: string;
  endedAt?: string;
  state: 'running' | (string & {});
  disks: Readonly<Record<number, LiveDisk>>;
  /** Oldest first, a second apart; the last one may still grow. */
  samples: readonly Sample[];
  retries: number;
  /** When each phase was begun, in milliseconds since 1970, as far as it was heard of. */
  began: Readonly<Record<string, number>>;
  /** Oldest first. */
  log: readonly LogLine[];
}

interface Live {
  /** The newest run of each migration that was heard of, by migration. */
  runs: Readonly<Record<string, LiveRun>>;
  /** Phase of the cutover that goes on, by migration. */
  cutovers: Readonly<Record<string, string>>;
  /** When the phases of that cutover were begun, in milliseconds since 1970, by migration. */
  cutoverBegan: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The verification that goes on, by migration. */
  verifies: Readonly<Record<string, LiveVerify>>;
}

/** Events between two frames that are kept; more are taken in at once. */
const MOST_WAITING = 5000;
/** A quarter of an hour. */
const SAMPLES = 900;
/** Log lines that are kept of a run. */
const LINES = 200;

const noCounts: LiveDisk['counts'] = { read: 0, sent: 0, zero: 0, unchanged: 0 };

/** What happens this moment, from the events. Empty after a reload until something happens: the state of record is migrations.get. */
export const useLive = create<Live>()(() => ({ runs: {}, cutovers: {}, cutoverBegan: {}, verifies: {} }));

/** The newest run of this migration, if it was heard of since the client started. */
export function useLiveRun(migrationId: string): LiveRun | undefined {
  return useLive((live) => live.runs[migrationId]);
}

function begun(event: StoredEvent, migrationId: string, runId: string): LiveRun {
  return { migrationId, runId, phase: '', startedAt: event.at, state: 'running', disks: {}, samples: [], retries: 0, began: {}, log: [] };
}

function withSample(run: LiveRun, at: number, more: Omit<Sample, 'at'>): readonly Sample[] {
  const last = run.samples.at(-1);
  if (last && at <= last.at) {
    const grown = { at: last.at, read: last.read + more.read, sent: last.sent + more.sent, verified: last.verified + more.verified };
    return [...run.samples.slice(0, -1), grown];
  }
  // Nothing was told of the seconds between: they share what came since.
  const seconds = last ? Math.min(at - last.at, SAMPLES) : 1;
  const share = { read: more.read / seconds, sent: more.sent / seconds, verified: more.verified / seconds };
  const between = Array.from({ length: seconds }, (_, index) => ({ at: at - seconds + 1 + index, ...share }));
  return [...run.samples, ...between].slice(-SAMPLES);
}

function progressed(run: LiveRun, event: StoredEvent, data: EventData<'run.progress'>): LiveRun {
  const before = run.disks[data.key];
  const grew = (now: number, then: number | undefined) => Math.max(0, now - (then ?? 0));
  const verifying = data.activity === 'verify';
  // The client came in the middle of the run: what was done before it looked is no second's work.
  const { activity, done, total, key } = data;
  // What is told of a reading back counts no bytes of the source.
  const counts = verifying ? (before?.counts ?? noCounts) : data.counts;
  if (!before && run.machine === undefined) {
    // Its phase was told before, too; what it does tells it.
    const phase = run.phase || (verifying ? 'verify' : 'transfer');
    return { ...run, phase, disks: { ...run.disks, [key]: { key, activity, done, total, counts } } };
  }
  const more = {
    read: verifying ? 0 : grew(data.counts.read, before?.counts.read),
    sent: verifying ? 0 : grew(data.counts.sent, before?.counts.sent),
    verified: verifying ? grew(data.done, before?.activity === 'verify' ? before.done : 0) : 0,
  };
  return {
    ...run,
    disks: { ...run.disks, [key]: { ...before, key, activity, done, total, counts } },
    samples: withSample(run, Math.floor(Date.parse(event.at) / 1000), more),
  };
}

function without<Value>(all: Readonly<Record<string, Value>>, key: string): Readonly<Record<string, Value>> {
  const { [key]: _, ...rest } = all;
  return rest;
}

/** What an event changes; the same object when nothing. */
export function applyEvent(live: Live, event: StoredEvent): Live {
  const { migrationId, runId } = event.data as { migrationId?: string; runId?: string };
  if (migrationId === undefined) return live;
  const cutover = dataOf(event, 'cutover.phase');
  if (cutover) {
    // The phases of a former one count no more.
    const former = live.cutovers[migrationId] === undefined ? {} : live.cutoverBegan[migrationId];
    const began = { ...former, [cutover.phase]: Date.parse(event.at) };
    return {
      ...live,
      cutovers: { ...live.cutovers, [migrationId]: cutover.phase },
      cutoverBegan: { ...live.cutoverBegan, [migrationId]: began },
    };
  }
  if (dataOf(event, 'cutover.ended')) return { ...live, cutovers: without(live.cutovers, migrationId) };
  const verify = dataOf(event, 'verify.progress');
  if (verify) {
    const { operationId, key, done, total } = verify;
    const known = live.verifies[migrationId];
    const disks = { ...(known?.operationId === operationId ? known.disks : {}), [key]: { done, total } };
    return { ...live, verifies: { ...live.verifies, [migrationId]: { operationId, disks } } };
  }
  if (dataOf(event, 'operation.ended') && live.verifies[migrationId]) {
    return { ...live, verifies: without(live.verifies, migrationId) };
  }
  if (runId === undefined) return live;
  const known = live.runs[migrationId];
  const run = known?.runId === runId ? known : begun(event, migrationId, runId);
  const set = (change: Partial<LiveRun>): Live => ({ ...live, runs: { ...live.runs, [migrationId]: { ...run, ...change } } });
  const started = dataOf(event, 'run.started');
  if (started) {
    // The next process counts what it does itself.
    const disks = Object.entries(run.disks).map(([key, disk]) => [key, { ...disk, activity: 'transfer', done: 0, counts: noCounts }]);
    return set({ machine: started.machine, startedAt: event.at, state: 'running', disks: Object.fromEntries(disks) });
  }
  const phase = dataOf(event, 'run.phase');
  if (phase) return set({ phase: phase.phase, began: { ...run.began, [phase.phase]: Date.parse(event.at) } });
  const disk = dataOf(event, 'run.disk');
  if (disk) {
    const { key, mode, capacity, bytes } = disk;
    return set({ disks: { ...run.disks, [key]: { key, activity: 'transfer', done: 0, total: bytes, counts: noCounts, mode, capacity } } });
  }
  const progress = dataOf(event, 'run.progress');
  if (progress) return set(progressed(run, event, progress));
  const say = (line: Omit<LogLine, 'at'>) => [...run.log, { at: event.at, ...line }].slice(-LINES);
  const retry = dataOf(event, 'run.retry');
  if (retry) {
    const { attempt, code, message: text } = retry;
    return set({ retries: run.retries + 1, log: say({ kind: 'retry', text, code, attempt }) });
  }
  const note = dataOf(event, 'run.note');
  if (note) return set({ log: say({ kind: 'note', text: note.text }) });
  const ended = dataOf(event, 'run.ended');
  if (ended) return set({ state: ended.state, endedAt: event.at });
  return live;
}

/**
 * Takes events in and shows them once a frame: four busy runs tell of themselves many times between two frames. In a hidden window, where
 * no frames come, once a second.
 */
export function createLiveFeed(schedule: (flush: () => void) => void = atNextFrame) {
  let waiting: StoredEvent[] = [];
  function flush(): void {
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) useLive.setState((live) => batch.reduce(applyEvent, live));
  }
  return (event: StoredEvent): void => {
    waiting.push(event);
    if (waiting.length === 1) schedule(flush);
    // Asked for while the window was seen, and it was hidden since: the frame may never come.
    else if (waiting.length > MOST_WAITING) flush();
  };
}

function atNextFrame(flush: () => void): void {
  if (document.hidden) setTimeout(flush, 1000);
  else requestAnimationFrame(flush);
}
