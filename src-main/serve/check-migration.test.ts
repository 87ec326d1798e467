import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Cutover } from '../domain/cutover.ts';
import { sizeText } from '../domain/size-text.ts';
import { estimate } from '../estimation/estimate.ts';
import { inventoryOf } from '../estimation/testing/facts.ts';
import type { Octopus } from '../octopus.ts';
import { openStore, type Store } from '../store/store.ts';
import { checkMigration } from './check-migration.ts';

const createdAt = new Date(0).toISOString();

/** A source `s` and a target `t`, both in this folder. */
async function putEnds(store: Store, location: string): Promise<void> {
  const place = { kind: 'folder', folder: location, grouping: 'name' } as never;
  await store.sources.put({ id: 's', kind: 'images', name: 's', place, instanceUuid: 's', createdAt });
  await store.targets.put({ id: 't', kind: 'local', name: 'nas', location, settings: {}, createdAt });
}

test('a machine that a removed migration left running at the target is found before a new one is made', async () => {
  const location = await mkdtemp(join(tmpdir(), 'octopus-check-'));
  try {
    await using store = await openStore(':memory:');
    await putEnds(store, location);
    const inventory = inventoryOf('web');
    await store.machines.put({ id: 'web', sourceEnvironmentId: 's', inventory, seenAt: createdAt });
    await mkdir(join(location, inventory.instanceUuid));
    let started: string[] = [];
    const octopus = {
      store,
      source: async () => {
        throw new OctopusError('source.unreachable', 'Gone.');
      },
      target: async () => ({ started: async () => started }),
    } as unknown as Octopus;
    const conflict = async () => {
      const items = await checkMigration(octopus, { machineId: 'web', targetId: 't', quiesce: false }, new AbortController().signal);
      return items.find(({ id }) => id === 'conflict');
    };
    expect(await conflict()).toMatchObject({ outcome: 'warn' });
    started = ['point'];
    expect(await conflict()).toMatchObject({ outcome: 'fail', action: expect.stringContaining('stop it first') });
  } finally {
    await rm(location, { recursive: true, force: true });
  }
});

test('the snapshot of a run is none to warn of', async () => {
  await using store = await openStore(':memory:');
  const createdAt = new Date(0).toISOString();
  const place = { kind: 'folder', folder: '/images', grouping: 'name' } as never;
  await store.sources.put({ id: 's', kind: 'images', name: 's', place, instanceUuid: 's', createdAt });
  await store.targets.put({ id: 't', kind: 'local', name: 'nas', location: '/nowhere', settings: {}, createdAt });
  const source = async () => {
    throw new OctopusError('source.unreachable', 'Gone.');
  };
  const told = async (...names: string[]) => {
    const snapshots = names.map((name) => ({ name }));
    const inventory = { ...inventoryOf('web'), snapshotCount: names.length, snapshots };
    await store.machines.put({ id: 'web', sourceEnvironmentId: 's', inventory, seenAt: createdAt });
    const wanted = { machineId: 'web', targetId: 't', quiesce: false };
    const items = await checkMigration({ store, source } as unknown as Octopus, wanted, new AbortController().signal);
    return items.find(({ id }) => id === 'snapshots');
  };
  expect(await told('octopus-run')).toMatchObject({ outcome: 'pass' });
  expect(await told('octopus-run', 'before the update')).toMatchObject({
    outcome: 'warn',
    text: expect.stringContaining('It has a snapshot that Octopus did not make'),
  });
});

test('a disk that no run could read is found before there is one', async () => {
  await using store = await openStore(':memory:');
  const createdAt = new Date(0).toISOString();
  await store.sources.put({ id: 's', kind: 'images', name: 's', place: {} as never, instanceUuid: 's', createdAt });
  await store.targets.put({ id: 't', kind: 'local', name: 'nas', location: '/nowhere', settings: {}, createdAt });
  const inventory = inventoryOf('web');
  await store.machines.put({ id: 'web', sourceEnvironmentId: 's', inventory, seenAt: createdAt });
  let unreadable: string[] = [];
  const source = async () => ({
    about: async () => ({ name: 'vc', version: '8' }),
    machine: async () => inventory,
    missingPrivileges: async () => [],
    unreadable: async () => unreadable,
  });
  const told = async () => {
    const wanted = { machineId: 'web', targetId: 't', quiesce: false };
    const items = await checkMigration({ store, source } as unknown as Octopus, wanted, new AbortController().signal);
    return items.filter(({ id }) => id === 'disks');
  };
  expect(await told()).toMatchObject([{ outcome: 'pass' }]);
  unreadable = ['Hard disk 1 lies on vSAN.', 'Hard disk 2 is encrypted.'];
  expect(await told()).toMatchObject([{ outcome: 'fail', text: 'Hard disk 1 lies on vSAN. Hard disk 2 is encrypted.' }]);
});

test('that the last boot check of a cutover failed is warned of until one passes', async () => {
  await using store = await openStore(':memory:');
  const createdAt = new Date(0).toISOString();
  await store.sources.put({ id: 's', kind: 'images', name: 's', place: {} as never, instanceUuid: 's', createdAt });
  await store.targets.put({ id: 't', kind: 'local', name: 'nas', location: '/nowhere', settings: {}, createdAt });
  await store.machines.put({ id: 'web', sourceEnvironmentId: 's', inventory: inventoryOf('web'), seenAt: createdAt });
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  await store.jobs.put({ id: 'j', machineId: 'web', targetEnvironmentId: 't', state: 'active', settings, createdAt } as never);
  const source = async () => {
    throw new OctopusError('source.unreachable', 'Gone.');
  };
  const ended = async (hour: number, expectConsole: string | undefined, change: Partial<Cutover>) => {
    await store.cutovers.add({
      ...{ id: `c${hour}`, jobId: 'j', sourceWasOn: true, poweredOff: 'guest', finalRunId: undefined, startAttempted: false },
      ...{ handle: undefined, where: undefined, undone: [], error: undefined, state: 'rolled-back', phase: 'finished' },
      ...{ startedAt: `2030-01-01T0${hour}:00:00.000Z`, endedAt: `2030-01-01T0${hour}:30:00.000Z` },
      settings: { preSync: false, shutdownDeadlineMs: 1000, expectConsole, bootTimeoutMs: 1000 },
      ...change,
    });
    const wanted = { machineId: 'web', targetId: 't', quiesce: false };
    const items = await checkMigration({ store, source } as unknown as Octopus, wanted, new AbortController().signal);
    return items.find(({ id }) => id === 'boot-failed');
  };
  const failed = { phase: 'boot-check', error: { code: 'verify.boot', message: 'No bootable disk.' } } as const;
  const warned = { outcome: 'warn', text: 'The last boot check failed: No bootable disk.' };
  expect(await ended(1, 'login:', failed)).toMatchObject(warned);
  // It was not looked at then, or it did not come so far.
  expect(await ended(2, undefined, {})).toMatchObject(warned);
  expect(await ended(3, 'login:', { phase: 'power-off', error: { code: 'source.busy', message: 'No.' } })).toMatchObject(warned);
  expect(await ended(4, 'login:', {})).toBeUndefined();
});

test('the check of the space tells what the estimate does, in the words of the client', async () => {
  const location = await mkdtemp(join(tmpdir(), 'octopus-check-'));
  try {
    await using store = await openStore(':memory:');
    await putEnds(store, location);
    const machine = await store.machines.put({
      ...{ id: 'web', sourceEnvironmentId: 's', seenAt: createdAt },
      inventory: inventoryOf('web', 384 * 2 ** 20),
    });
    const source = async () => {
      throw new OctopusError('source.unreachable', 'Gone.');
    };
    const wanted = { machineId: 'web', targetId: 't', quiesce: false };
    const items = await checkMigration({ store, source } as unknown as Octopus, wanted, new AbortController().signal);
    const { total } = await estimate(store, [machine], { targetKind: 'local' }, createdAt);
    expect(items.find(({ id }) => id === 'space')?.text).toMatch(/take 0 B to 768 MiB\.$/);
    expect([total.stored.low, total.stored.high].map(sizeText)).toEqual(['0 B', '768 MiB']);
    const sizes = [999, 1023.6 * 1024, 1.5 * 2 ** 30, 12.34 * 2 ** 30, 5 * 2 ** 50];
    expect(sizes.map(sizeText)).toEqual(['999 B', '1 MiB', '1.5 GiB', '12.3 GiB', '5 PiB']);
  } finally {
    await rm(location, { recursive: true, force: true });
  }
});
