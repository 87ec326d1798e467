import type { MachineInventory } from '../../domain/machine.ts';
import type { Run } from '../../domain/run.ts';

/** A machine with one disk of this many bytes. */
export function inventoryOf(name: string, capacity = 1000): MachineInventory {
  return {
    ...{ ref: name, instanceUuid: name, name, folder: '/', host: 'h', cluster: undefined, powerState: 'on', firmware: 'bios' },
    ...{ secureBoot: false, guestId: 'g', guestName: 'G', tools: 'toolsOk', cpus: 1, memory: 1, hardwareVersion: 19 },
    ...{ changeTracking: true, template: false, tags: [], adapters: [], snapshotCount: 0, consolidationNeeded: false },
    disks: [{ key: 1, objectId: 'o', label: 'Hard disk 1', capacity, datastore: 'd', path: '[d] x', thin: false, excluded: undefined }],
  } as MachineInventory;
}

/** A full run that ended well: 10 bytes read, 4 of them sent. */
export function runOf(id: string, jobId: string): Run {
  return {
    ...{ id, jobId, kind: 'full', state: 'succeeded', phase: 'prune', resumes: 0, snapshotRef: undefined, snapshotTakenAt: undefined },
    ...{ trackingDoubt: undefined, notes: [], reconnects: 0, recoveryPointId: `point-${jobId}`, error: undefined },
    counts: { read: 10, sent: 4, zero: 3, unchanged: 3, resumed: 0, verified: 0 },
    startedAt: '2026-03-01T00:00:00.000Z',
    endedAt: '2026-03-01T00:00:10.000Z',
  };
}
