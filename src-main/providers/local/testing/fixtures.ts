/** For tests: machines and replicas without a run. */
import { open } from 'node:fs/promises';
import { digestOf, isZero } from '../../../../workers/blocks/digest.ts';
import { beginRun, blockState, journalToManifest, openJournal } from '../../../../workers/blocks/journal.ts';
import { BLOCK_SIZE, blockLength } from '../../../../workers/blocks/manifest.ts';
import { changeId, type Firmware, type MachineInventory } from '../../../domain/machine.ts';
import type { RecoveryPoint } from '../../../domain/recovery-point.ts';
import type { ReplicaHandle } from '../../target.ts';

export const MACHINE_ID = '5029cf3e-0000-4000-8000-00000000abcd';

export function testMachine(firmware: Firmware, capacities: number[]): MachineInventory {
  return {
    ref: 'vm-1',
    instanceUuid: MACHINE_ID,
    name: 'web & <"db">, one',
    folder: '/Lab/vm',
    host: 'esx-1',
    cluster: undefined,
    powerState: 'on',
    firmware,
    secureBoot: false,
    guestId: 'debian12_64Guest',
    guestName: 'Debian GNU/Linux 12',
    tools: 'toolsOk',
    cpus: 1,
    memory: 512 * 1024 * 1024,
    hardwareVersion: 19,
    changeTracking: true,
    template: false,
    tags: [],
    disks: capacities.map((capacity, index) => ({
      key: 2000 + index,
      objectId: `1-${2000 + index}`,
      label: `Hard disk ${index + 1}`,
      capacity,
      datastore: 'store',
      path: '[store] web/web.vmdk',
      thin: true,
      excluded: undefined,
    })),
    adapters: [{ key: 4000, label: 'Network adapter 1', mac: '00:50:56:aa:bb:cc', network: 'VM -- Network', model: 'vmxnet3' }],
    snapshotCount: 0,
    consolidationNeeded: false,
  };
}

/** Writes `content` and settles each block, as a full run does. */
export async function fillReplica(
  replica: ReplicaHandle,
  runId: string,
  content: (block: number, length: number) => Buffer,
): Promise<void> {
  const { size } = replica.sink as { size: number };
  const { path } = replica.sink as { path: string };
  await beginRun(replica.journal, { runId, size });
  const journal = await openJournal(replica.journal);
  const image = await open(path, 'r+');
  try {
    for (let block = 0; block < journal.blocks; block++) {
      const bytes = content(block, blockLength(block, size));
      if (!isZero(bytes)) await image.write(bytes, 0, bytes.length, block * BLOCK_SIZE);
      journal.record(block, isZero(bytes) ? blockState.zero : blockState.copied, digestOf(bytes));
    }
    await image.sync();
    await journal.persist();
  } finally {
    await image.close();
    await journal.close();
  }
}

export async function testPoint(id: string, replicas: ReplicaHandle[], takenAt: string): Promise<RecoveryPoint> {
  const disks: RecoveryPoint['disks'] = [];
  for (const replica of replicas) {
    const manifest = await journalToManifest(replica.journal, `${replica.journal}.test-manifest`);
    disks.push({
      key: replica.key,
      objectId: `1-${replica.key}`,
      capacity: manifest.size,
      changeId: changeId('52 de/7'),
      manifestRoot: manifest.root,
      algorithm: manifest.algorithm,
      manifest: `${replica.key}.manifest`,
      image: `${replica.key}.raw`,
    });
  }
  return { id, runId: `run-${id}`, kind: 'full', doubts: [], takenAt, verified: 'all', disks };
}
