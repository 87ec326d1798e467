import { inquireNbd } from '../../workers/nbd/nbd-inquiry.ts';
import type { SourceDescriptor } from '../../workers/protocol.ts';
import { openSource } from '../../workers/sources/open-source.ts';

export interface ProbedSource extends AsyncDisposable {
  /** Bytes. */
  size: number;
  /** How each of `tasks` tasks opens it. */
  source: SourceDescriptor;
  /** How many tasks may read it at the same time. */
  tasks: number;
}

/**
 * Asks how large a source is and how many may share it. An NBD server that takes several clients gets one that only waits, until this
 * is disposed: such a server may end with its last client, and tasks come and go. All in all no more connections are opened than asked for.
 */
export async function probeSource(descriptor: SourceDescriptor, mostTasks: number, signal: AbortSignal): Promise<ProbedSource> {
  if (descriptor.kind === 'nbd') {
    const inquiry = await inquireNbd(descriptor, signal);
    const tasks = inquiry?.shareable ? Math.min(mostTasks, Math.max(1, descriptor.connections - 1)) : 1;
    if (inquiry !== undefined && tasks === 1) {
      return { size: inquiry.size, source: descriptor, tasks, async [Symbol.asyncDispose]() {} };
    }
    const waiting = await openSource({ ...descriptor, connections: 1 }, signal);
    const { size } = waiting;
    if (tasks === 1) await waiting.close();
    const connections = Math.max(1, Math.floor((descriptor.connections - 1) / tasks));
    return {
      size,
      source: { ...descriptor, connections: tasks === 1 ? descriptor.connections : connections },
      tasks,
      [Symbol.asyncDispose]: () => waiting.close(),
    };
  }
  await using source = await openSource(descriptor, signal);
  return { size: source.size, source: descriptor, tasks: mostTasks, async [Symbol.asyncDispose]() {} };
}
