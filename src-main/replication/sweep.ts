import { snapshotPrefix } from '../domain/snapshot-prefix.ts';
import type { SourceProvider } from '../providers/source.ts';
import type { Store } from '../store/store.ts';
import { snapshotName, trackingSuffix } from './context.ts';

/**
 * Removes the snapshots that dead runs left on a machine, also one whose creation timed out and landed later. Ours are those whose name
 * holds the id of a run in our database; a run that is still alive keeps its own. Everything else is someone's, also when another
 * Octopus made it, and is not touched. Answers the names removed.
 */
export async function sweepSnapshots(source: SourceProvider, store: Store, machine: string, signal: AbortSignal): Promise<string[]> {
  const removed: string[] = [];
  for (const { ref, name } of await source.listSnapshots(machine, snapshotPrefix, signal)) {
    const rest = name.slice(snapshotPrefix.length);
    const temporary = rest.endsWith(trackingSuffix);
    const run = await store.runs.find(temporary ? rest.slice(0, -trackingSuffix.length) : rest);
    if (!run || run.state === 'running') continue;
    await source.removeSnapshot(machine, ref, signal);
    removed.push(name);
  }
  return removed;
}

/** Removes what this run itself has on the machine, by name, so that also a snapshot counts whose creation was never confirmed. */
export async function removeOwnSnapshots(source: SourceProvider, machine: string, runId: string, signal: AbortSignal): Promise<void> {
  const own = snapshotName(runId);
  for (const { ref, name } of await source.listSnapshots(machine, own, signal)) {
    if (name === own || name === `${own}${trackingSuffix}`) await source.removeSnapshot(machine, ref, signal);
  }
}
