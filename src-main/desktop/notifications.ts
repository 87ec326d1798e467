import type { StoredEvent } from '../../src-preload/bridge.ts';
import { texts } from './texts.ts';

export interface Notice {
  title: string;
  body: string;
  /** Where a click leads. */
  to: string;
}

/** What of all that happens a person wants to hear of who looks elsewhere: done, failed, needs you. */
export function noticeFor({ type, data }: StoredEvent, machineOf: (migrationId: string) => string | undefined): Notice | undefined {
  const { migrationId, state } = data as Record<string, string>;
  const error = (data.error as { message?: string; code?: string } | undefined) ?? undefined;
  const machine = (migrationId !== undefined && machineOf(migrationId)) || texts.aMachine;
  const to = migrationId === undefined ? '/migrations' : `/migrations/${encodeURIComponent(migrationId)}`;
  if (type === 'run.ended') {
    if (state === 'succeeded') return { title: texts.runDone(machine), body: texts.runDoneBody, to };
    // One that Octopus itself interrupted goes on with the next start.
    if (state === 'failed' && error?.code !== 'server.stopping') return { title: texts.runFailed(machine), body: error?.message ?? '', to };
  }
  if (type === 'cutover.ended') {
    if (state === 'done') return { title: texts.cutoverDone(machine), body: texts.cutoverDoneBody, to };
    if (state === 'failed' || state === 'rolled-back') return { title: texts.cutoverFailed(machine), body: error?.message ?? '', to };
  }
  // No cutover came to be that would end.
  if (type === 'task.changed' && state === 'failed' && error)
    return { title: texts.cutoverRefused(machine), body: error.message ?? '', to };
  // Tried as often as it may be: nothing more happens by itself.
  if (type === 'task.changed' && state === 'dead') return { title: texts.needsYou(machine), body: texts.needsYouBody, to };
  return undefined;
}
