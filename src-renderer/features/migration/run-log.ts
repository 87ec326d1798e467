import type { LogLine } from '../../stores/live.ts';
import { isInterrupted, type Run } from './next-step.ts';

export type LogKind = 'phase' | 'note' | 'retry' | 'error';
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
}

/** What happened in a run, in order. `heard`: what this client heard of it while it went on, which knows the times of notes, and retries. */
export function logOf(run: Run, heard: readonly LogLine[]): LogEntry[] {
  const phases: LogEntry[] = (run.phases ?? []).map(({ phase, startedAt, endedAt }) => ({
    at: startedAt,
    kind: 'phase',
    text: phase,
    took: endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(startedAt),
  }));
  const live: LogEntry[] = heard.map(({ at, kind, text, code, attempt }) => ({ at, kind, text, code, attempt }));
  const timed = [...phases, ...live].sort((a, b) => Date.parse(a.at as string) - Date.parse(b.at as string));
  const known = new Set(heard.filter(({ kind }) => kind === 'note').map(({ text }) => text));
  const untimed: LogEntry[] = run.notes.filter((text) => !known.has(text)).map((text) => ({ at: undefined, kind: 'note', text }));
  // Nothing is to be mended where only Octopus ended.
  const kind = isInterrupted(run) ? 'note' : 'error';
  const error: LogEntry[] = run.error ? [{ at: run.endedAt, kind, text: run.error.message, code: run.error.code }] : [];
  return [...timed, ...untimed, ...error];
}
