import { expect } from '@playwright/test';
import { runSucceeds } from './prepared.ts';
import type { Samples } from './screen-addresses.ts';
import type { World } from './world.ts';

export interface Showcase extends Samples {
  /** A migration whose first run goes on for a minute or two. */
  runningId: string;
}

const MiB = 2 ** 20;

/** A week of somebody's work with the lab, as far as minutes allow: for pictures. */
export async function fillShowcase(world: World, folder: string): Promise<Showcase> {
  const { sourceId } = await world.call('lab.start', { body: {} });
  const { id: targetId } = await world.call('targets.create', { body: { kind: 'local', folder, name: 'Replicas' } });
  for (const [name, role] of [
    ['bea', 'operator'],
    ['chris', 'viewer'],
  ] as const) {
    await world.call('users.create', { body: { name, role, password: 'given by the administrator' } });
  }
  const { items: machines } = await world.call('vms.list', { query: { limit: 100 } });
  const machineOf = (name: string) => machines.find((machine) => machine.name === name)!.id;
  const ids = new Map<string, string>();
  for (const name of ['web-01', 'build', 'db-01', 'shop', 'mail', 'wiki', 'shared node', 'file server', 'directory']) {
    ids.set(name, (await world.call('migrations.create', { body: { machineId: machineOf(name), targetId } })).id);
  }
  const idOf = (name: string) => ids.get(name)!;
  const sync = (name: string) => world.call('migrations.sync', { params: { id: idOf(name) }, body: {} });
  const every = (name: string, minutes: number) =>
    world.call('schedules.create', { body: { kind: 'run', migrationId: idOf(name), timing: { type: 'every', minutes } } });
  const proven = ['web-01', 'db-01', 'shop', 'mail', 'directory'];
  // Somebody's snapshots stand in the way of the one, a shared disk in that of the other.
  for (const name of [...proven, 'wiki', 'shared node']) await sync(name);
  for (const name of ['web-01', 'db-01']) await every(name, 60);
  for (const name of ['mail', 'directory']) await every(name, 24 * 60);
  const zone = 'Europe/Vienna';
  await world.call('schedules.create', {
    body: { kind: 'inventory', sourceId: sourceId!, timing: { type: 'cron', expression: '0 5 * * *', zone } },
  });
  const saturday = new Date(Date.now() + 5 * 86_400_000).toISOString();
  await world.call('schedules.create', { body: { kind: 'cutover', migrationId: idOf('db-01'), timing: { type: 'once', at: saturday } } });
  for (const name of proven) await runSucceeds(world, idOf(name));
  for (let round = 0; round < 3; round++) {
    for (const name of ['web-01', 'db-01', 'mail']) await sync(name);
    for (const name of ['web-01', 'db-01', 'mail']) await runSucceeds(world, idOf(name));
  }
  await world.call('migrations.pause', { params: { id: idOf('directory') } });
  const { items: checks } = await world.call('migrations.check', { query: { machineId: machineOf('shop'), targetId } });
  const accept = checks.filter(({ outcome }) => outcome !== 'pass').map(({ id }) => id);
  await world.call('migrations.cutover', { params: { id: idOf('shop') }, body: { preSync: false, accept } });
  await expect
    .poll(async () => (await world.call('migrations.get', { params: { id: idOf('shop') } })).state, { timeout: 120_000 })
    .toBe('cut-over');
  await world.call('migrations.update', { params: { id: idOf('file server') }, body: { settings: { bandwidthLimit: 32 * MiB } } });
  await sync('file server');
  return { machineId: machineOf('db-01'), migrationId: idOf('db-01'), sourceId: sourceId!, targetId, runningId: idOf('file server') };
}
