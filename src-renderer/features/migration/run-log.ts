import type { LogLine } from '../../stores/live.ts';
import { runSteps } from '../../ui/phase-timeline/timeline.ts';
import { downtimeOf, isInterrupted, type Run } from './next-step.ts';

export type LogKind = 'phase' | 'note' | 'retry' | 'error' | 'outage';
export interface LogEntry {
  /** ISO 8601; undefined where it is not known any more. */
  at: string | undefined;
  kind: LogKind;
  /** Of a phase its id. */
  text: string;
  code?: string | undefined;
  attempt?: number | undefined;
  /** Milliseconds, of a phase that is over. */
  took?: number | undefined;
  /** Octopus ended in this phase, and how long it had taken by then was not kept. */
  interrupted?: boolean;
}

/** Each time that a phase was begun, in order. One that was left is closed when the next process takes the run up: that is no time of it. */
export function phaseTimes(run: Run) {
  const rows = run.phases ?? [];
  const placeOf = (phase: string) => (runSteps as readonly string[]).indexOf(phase);
  return rows.map(({ phase, startedAt: at, endedAt }, index) => {
    const next = rows[index + 1];
    // Phases only go forwards in one process.
    const interrupted = next ? placeOf(next.phase) <= placeOf(phase) : isInterrupted(run);
    const took = endedAt === undefined || interrupted ? undefined : Date.parse(endedAt) - Date.parse(at);
    return { phase, at, took, interrupted };
  });
}

/** What happened in a run, in order. `heard`: what this client heard of it while it went on, which knows the times of notes, and retries. */
export function logOf(run: Run, heard: readonly LogLine[]): LogEntry[] {
  const phases: LogEntry[] = phaseTimes(run).map(({ at, phase: text, took, interrupted }) => ({
    at,
    kind: 'phase',
    text,
    took,
    interrupted,
  }));
  const live: LogEntry[] = heard.map(({ at, kind, text, code, attempt }) => ({ at, kind, text, code, attempt }));
  const timed = [...phases, ...live, ...outageOf(run)].sort((a, b) => Date.parse(a.at as string) - Date.parse(b.at as string));
  const known = new Set(heard.filter(({ kind }) => kind === 'note').map(({ text }) => text));
  const untimed: LogEntry[] = run.notes.filter((text) => !known.has(text)).map((text) => ({ at: undefined, kind: 'note', text }));
  // Nothing is to be mended where only Octopus ended.
  const kind = isInterrupted(run) ? 'note' : 'error';
  const error: LogEntry[] = run.error ? [{ at: run.endedAt, kind, text: run.error.message, code: run.error.code }] : [];
  return [...timed, ...untimed, ...error];
}

/** When the machine went down around a final run, and when it ran again. `text` is a key of the texts. */
function outageOf({ outage }: Run): LogEntry[] {
  if (!outage) return [];
  const { downAt, upAt, backAt } = outage;
  const off = downtimeOf(outage);
  const entries: LogEntry[] = [];
  if (downAt !== undefined) entries.push({ at: downAt, kind: 'outage', text: 'down' });
  if (upAt !== undefined) entries.push({ at: upAt, kind: 'outage', text: 'up', took: off });
  if (backAt !== undefined) entries.push({ at: backAt, kind: 'outage', text: 'back', took: upAt === undefined ? off : undefined });
  return entries;
}
