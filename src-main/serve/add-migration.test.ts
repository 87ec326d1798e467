import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inventoryOf } from '../estimation/testing/facts.ts';
import { openStore, type Store } from '../store/store.ts';
import { createEnvironments } from './environments.ts';

const at = '2026-01-01T00:00:00.000Z';
let folder: string;
let store: Store;
let add: (machineId: string, ownerId: string, keep: number) => Promise<unknown>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-add-migration-'));
  store = await openStore(join(folder, 'octopus.db'));
  for (const id of ['ann', 'eve']) {
    const user = { id, name: id, role: 'operator', source: 'local', disabled: false, mustChangePassword: false, createdAt: at } as const;
    const rest = { passwordHash: 'h', directoryDn: undefined, failedLogins: 0, lockedUntil: undefined, lastSignInAt: undefined };
    await store.users.add({ ...user, ...rest });
  }
  await store.targets.put({ id: 't', kind: 'local', name: 't', location: '/t', settings: {}, createdAt: at });
  for (const id of ['vcenter', 'host']) {
    const login = { url: `https://${id}/sdk`, username: 'u', thumbprint: 'AA' };
    await store.sources.put({ id, kind: 'vsphere', name: id, ...login, instanceUuid: id, createdAt: at });
    // One machine, seen by the vCenter and by its host.
    await store.machines.put({ id: `web@${id}`, sourceEnvironmentId: id, inventory: inventoryOf('web'), seenAt: at });
  }
  let count = 0;
  const service = createEnvironments({
    octopus: { store },
    settings: { get: () => 3 },
    clock: { now: () => new Date(at) },
    newId: () => `j${++count}`,
  } as never);
  const signal = new AbortController().signal;
  add = (machineId, ownerId, keep) => service.addMigration({ machineId, targetId: 't', ownerId, settings: { keep } }, signal);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

test('of two people who ask for the same migration at once one gets it, and the other neither sees nor changes it', async () => {
  const [one, two] = await Promise.allSettled([add('web@vcenter', 'ann', 5), add('web@vcenter', 'eve', 7)]);
  expect(one).toMatchObject({ status: 'fulfilled', value: { ownerId: 'ann' } });
  expect(two).toMatchObject({ status: 'rejected', reason: { code: 'conflict.exists' } });
  expect(await store.jobs.list()).toMatchObject([{ ownerId: 'ann', settings: { keep: 5 } }]);
});

test('a machine that two sources know is replicated to a target once: both would write the same files', async () => {
  await add('web@vcenter', 'ann', 5);
  await expect(add('web@host', 'ann', 5)).rejects.toMatchObject({ code: 'conflict.exists' });
});
