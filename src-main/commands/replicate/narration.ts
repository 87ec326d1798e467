import type { ReplicationEvent } from '../../replication/context.ts';
import type { Terminal } from '../command.ts';
import { openStatus } from '../status.ts';

export interface Narration extends Disposable {
  onEvent(event: ReplicationEvent): void;
  show(text: string): void;
  /** How far the run's disks are. Bytes. */
  transferred(): { done: number; total: number };
}

/** Lines for people: phases and doubts as they come, progress as a status line. */
export function narrate(terminal: Terminal): Narration {
  const status = openStatus(terminal);
  const done = new Map<string, { done: number; total: number }>();
  const of = (activity: string) => [...done].filter(([name]) => name.startsWith(activity));
  return {
    show: (text) => status.show(text),
    [Symbol.dispose]: () => status[Symbol.dispose](),
    transferred() {
      const disks = of('transfer').map(([, disk]) => disk);
      return { done: disks.reduce((sum, disk) => sum + disk.done, 0), total: disks.reduce((sum, disk) => sum + disk.total, 0) };
    },
    onEvent(event) {
      switch (event.type) {
        case 'run':
          done.clear();
          terminal.err(`${event.machine}: ${event.resumed ? 'resuming' : 'starting'} run ${event.runId}`);
          break;
        case 'phase':
          status.show(`${event.phase} …`);
          break;
        case 'disk':
          terminal.err(`  disk ${event.key}: ${event.mode}, ${mebibytes(event.bytes)} of ${mebibytes(event.capacity)} to read`);
          if (event.doubt !== undefined) terminal.err(`    because: ${event.doubt}`);
          break;
        case 'progress':
          done.set(`${event.activity} ${event.key}`, event);
          status.show(
            of(event.activity)
              .map(([name, disk]) => `${name} ${bar(disk.done, disk.total)}`)
              .join('  '),
          );
          break;
        case 'retry':
          terminal.err(`  ${event.message} Trying again (${event.attempt}).`);
          break;
        case 'note':
          terminal.err(`  ${event.text}`);
          break;
        case 'cutover':
          terminal.err(`cutover: ${event.phase}`);
          status.show(`cutover: ${event.phase} …`);
          break;
        case 'ended':
        case 'cutover-ended':
          status.clear();
          break;
      }
    },
  };
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 && bytes % 2 ** 20 !== 0 ? 1 : 0)} MiB`;
}

function bar(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * 20);
  return `[${'#'.repeat(filled)}${'-'.repeat(20 - filled)}] ${Math.floor(share * 100)} %`;
}
