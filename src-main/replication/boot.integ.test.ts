import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildLinuxDisk } from '../../lab/disks/linux-disk.ts';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { openOctopus } from '../octopus.ts';
import { replicaId } from './context.ts';

const MIB = 2 ** 20;

/** A real Linux machine, through the lab's vCenter, to a replica that boots: the corridor as a person would judge it. */
describe.each(['bios', 'efi'] as const)('a Linux machine with %s firmware', (firmware) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'octopus-boot-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is replicated while it writes, boots at the target, and its data is right', async () => {
    const message = `replica of ${firmware} is up`;
    const disk = join(folder, 'disk.raw');
    await buildLinuxDisk({ path: disk, firmware, sizeBytes: 96 * MIB, message });
    const machine = { name: 'linux', firmware, disks: [{ file: disk }, { size: 8 * MIB, fill: 3 }] };
    await using lab = await startLabVcenter({ machines: [machine], churn: 5, churnMs: 50, taskMs: 5 });
    await using octopus = await openOctopus({ stateFolder: join(folder, 'replicas') });
    const target = await octopus.addLocalTarget(join(folder, 'replicas'));
    const source = await octopus.addSource(lab);
    const job = await octopus.addJob(source.id, 'linux', target.id);

    expect((await octopus.replicator.run(job.id)).run.kind).toBe('full');
    lab.world.churn.tick({ rounds: 5 });
    const { run, point } = await octopus.replicator.run(job.id);
    expect(run.kind).toBe('incremental');

    const provider = await octopus.target(target.id);
    const id = replicaId(await octopus.machine(job.machineId));
    const seen = await provider.observeBoot(id, point.id, { console: message, timeoutMs: 500_000 });
    expect(seen.evidence).toContain(message);
    expect(seen.passed).toBe(true);
  });
});
