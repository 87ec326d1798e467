import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { targetConformance } from '../conformance/target-conformance.ts';
import { createLocalTarget } from './local-target.ts';
import { fillReplica, MACHINE_ID, testMachine, testPoint } from './testing/fixtures.ts';

targetConformance('local', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-conformance-'));
  const target = createLocalTarget({ folder });
  return {
    target,
    machineId: MACHINE_ID,
    machine: testMachine('bios', [2 ** 21]),
    async fill(replicas, runId, byte) {
      for (const replica of replicas) await fillReplica(replica, runId, (_, length) => Buffer.alloc(length, byte));
    },
    point: testPoint,
    content: (id, key) => readFile(join(folder, MACHINE_ID, 'points', id, `${key}.raw`)),
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
