import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inventoryOf, runOf } from './estimation/testing/facts.ts';
import { type Octopus, openOctopus } from './octopus.ts';
import { pointDisk } from './store/testing/point-disk.ts';

let folder: string;
let place: string;
const at = '2026-01-01T00:00:00.000Z';
const missing = { code: 'target.missing', message: expect.stringContaining('is its disk mounted?') };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-unmounted-'));
  place = join(folder, 'mnt', 'replicas');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = () => openOctopus({ stateFolder: join(folder, 'state'), threads: 1 });

/** A machine whose recovery point the target holds, as an earlier process left it. */
async function replicate({ store, addLocalTarget }: Octopus): Promise<string> {
  const { id } = await addLocalTarget(place);
  const images = { kind: 'images', place: { folder: '/x', grouping: 'by-name' }, instanceUuid: 's' } as const;
  await store.sources.put({ id: 's', name: 's', createdAt: at, ...images });
  await store.machines.put({ id: 'web', sourceEnvironmentId: 's', inventory: inventoryOf('web'), seenAt: at });
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  await store.jobs.put({ id: 'j', machineId: 'web', targetEnvironmentId: id, state: 'active', settings, createdAt: at });
  await store.runs.add(runOf('r', 'j'));
  const point = { id: 'p', runId: 'r', kind: 'full', takenAt: at, verified: 'all' } as const;
  await store.recoveryPoints.add('j', { ...point, doubts: [], disks: [pointDisk] }, at);
  // As a copy of the folder would have it: without the lock.
  await mkdir(join(place, inventoryOf('web').instanceUuid));
  return id;
}

test('a target whose disk is not mounted is not made anew on the disk below', async () => {
  let id = '';
  {
    await using octopus = await open();
    id = await replicate(octopus);
  }
  const unmounted = join(folder, 'elsewhere');
  await rename(join(folder, 'mnt'), unmounted);
  {
    await using octopus = await open();
    await expect(octopus.target(id)).rejects.toMatchObject(missing);
    expect(await readdir(folder)).not.toContain('mnt');
    // The folder that it is mounted to stays, empty.
    await mkdir(place, { recursive: true });
    await expect(octopus.target(id)).rejects.toMatchObject(missing);
    expect(await readdir(place)).toEqual([]);

    await rm(join(folder, 'mnt'), { recursive: true });
    await rename(unmounted, join(folder, 'mnt'));
    await rm(join(place, 'octopus.lock'));
    await octopus.target(id);
  }
});

test('a folder that was emptied on purpose is a target again once it is added', async () => {
  await using octopus = await open();
  const id = await replicate(octopus);
  await octopus.disconnectTarget(id);
  for (const name of await readdir(place)) await rm(join(place, name), { recursive: true });
  await expect(octopus.target(id)).rejects.toMatchObject(missing);
  expect((await octopus.addLocalTarget(place)).id).toBe(id);
  await octopus.target(id);
});
