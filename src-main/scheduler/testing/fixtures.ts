import type { Clock } from '../../domain/clock.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import type { Store } from '../../store/store.ts';
import type { ScheduleRequest } from '../check-schedule.ts';

/** Moves only when told to; sleepers wake when it passes their time, or goes back. */
export function manualClock(start: string): Clock & { set(time: number | string): void; advance(milliseconds: number): void } {
  let now = Date.parse(start);
  const sleepers = new Set<{ until: number; wake: () => void }>();
  const clock = {
    now: () => new Date(now),
    sleep: (milliseconds: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { until: now + milliseconds, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        });
      }),
    set(time: number | string) {
      now = typeof time === 'string' ? Date.parse(time) : time;
      for (const sleeper of sleepers) {
        if (sleeper.until > now) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
    advance: (milliseconds: number) => clock.set(now + milliseconds),
  };
  return clock;
}

export function countingIds(prefix = 'id'): () => string {
  let count = 0;
  return () => `${prefix}-${String(++count).padStart(7, '0')}`;
}

/** One source, one target and that many jobs `job-0` … on `hosts` hosts with a datastore each. */
export async function withJobs(store: Store, count: number, hosts = 4): Promise<void> {
  const at = '2026-01-01T00:00:00.000Z';
  const source = { id: 'source', kind: 'vsphere', name: 'vc', url: 'https://vc/sdk', username: 'u', thumbprint: 'AA' } as const;
  await store.sources.put({ ...source, instanceUuid: 'vc-1', createdAt: at });
  await store.targets.put({ id: 'target', kind: 'local', name: 'folder', location: '/x', settings: {}, createdAt: at });
  for (let index = 0; index < count; index++) {
    const disks = [{ datastore: `store-${index % hosts}`, capacity: 1 }] as MachineInventory['disks'];
    const host = `host-${index % hosts}`;
    const names = { ref: `vm-${index}`, instanceUuid: `i-${index}`, name: `m${index}`, folder: '', cluster: undefined, host };
    const plain = { powerState: 'on', guestId: 'other', guestName: 'other', cpus: 1, memory: 1, tags: [], adapters: [] } as const;
    const inventory = { ...names, ...plain, disks, changeTracking: true, template: false } as unknown as MachineInventory;
    await store.machines.put({ id: `m-${index}`, sourceEnvironmentId: 'source', inventory, seenAt: at });
    const settings = { keep: 3, verify: 'written', quiesce: false } as const;
    await store.jobs.put({
      id: `job-${index}`,
      machineId: `m-${index}`,
      targetEnvironmentId: 'target',
      state: 'active',
      settings,
      createdAt: at,
    });
  }
}

export function runSchedule(jobId: string, timing: ScheduleRequest['timing'], more: Partial<ScheduleRequest> = {}): ScheduleRequest {
  return { kind: 'run', jobId, sourceId: undefined, timing, windows: [], jitterMs: 0, priority: 10, payload: {}, enabled: true, ...more };
}
