import type { StoredEvent } from '../../src-preload/bridge.ts';

export interface RunningRun {
  migrationId: string;
  runId: string;
  machine: string;
  phase: string;
  /** Bytes of all disks in the current phase. */
  done: number;
  total: number;
}

export interface RunningWork {
  take(event: StoredEvent): void;
  runs(): RunningRun[];
  /** A run, a cutover or a rollback is going on. */
  busy(): boolean;
  /** Of a migration that ran since the start. */
  machineOf(migrationId: string): string | undefined;
}

/** What is going on, told by the events: for the tray, the notifications and the question before quitting. */
export function createRunningWork(onChange: () => void): RunningWork {
  const runs = new Map<string, RunningRun & { disks: Map<string, [number, number]> }>();
  const operations = new Set<string>();
  const machines = new Map<string, string>();

  return {
    take({ type, data }) {
      const { runId, migrationId, operationId } = data as Record<string, string>;
      const run = runs.get(runId ?? '');
      if (type === 'run.started' && runId && migrationId) {
        const machine = String(data.machine);
        machines.set(migrationId, machine);
        runs.set(runId, { migrationId, runId, machine, phase: '', done: 0, total: 0, disks: new Map() });
      } else if (type === 'run.phase' && run) {
        Object.assign(run, { phase: String(data.phase), done: 0, total: 0 });
        run.disks.clear();
      } else if (type === 'run.progress' && run) {
        run.disks.set(`${data.key} ${data.activity}`, [Number(data.done), Number(data.total)]);
        run.done = [...run.disks.values()].reduce((sum, [done]) => sum + done, 0);
        run.total = [...run.disks.values()].reduce((sum, [, total]) => sum + total, 0);
      } else if (type === 'run.ended' && runId) runs.delete(runId);
      else if (type === 'operation.started' && operationId) operations.add(operationId);
      else if (type === 'operation.ended' && operationId) operations.delete(operationId);
      else return;
      onChange();
    },
    runs: () => [...runs.values()].map(({ disks, ...run }) => run),
    busy: () => runs.size > 0 || operations.size > 0,
    machineOf: (migrationId) => machines.get(migrationId),
  };
}
