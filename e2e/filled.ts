import { addTarget, runSucceeds } from './prepared.ts';
import type { Samples } from './screen-addresses.ts';
import type { World } from './world.ts';

/** Something of everything: the lab, migrations in several states, schedules, people. As the administrator. */
export async function fill(world: World): Promise<Samples> {
  const { sourceId } = await world.call('lab.start', { body: {} });
  const targetId = await addTarget(world);
  const { items: machines } = await world.call('vms.list', { query: { limit: 100 } });
  const idOf = (name: string) => machines.find((machine) => machine.name === name)!.id;
  const make = async (name: string) => (await world.call('migrations.create', { body: { machineId: idOf(name), targetId } })).id;
  const migrationId = await make('build');
  await world.call('migrations.sync', { params: { id: migrationId }, body: {} });
  // Never run, and one that cannot be: its disk is shared.
  await make('web-02');
  const refused = await make('shared node');
  await world.call('migrations.sync', { params: { id: refused }, body: {} });
  await world.call('schedules.create', { body: { kind: 'run', migrationId, timing: { type: 'every', minutes: 60 } } });
  await world.call('schedules.create', {
    body: { kind: 'inventory', sourceId: sourceId!, timing: { type: 'cron', expression: '0 3 * * *', zone: 'Europe/Vienna' } },
  });
  for (const role of ['operator', 'viewer'] as const) {
    await world.call('users.create', { body: { name: `the ${role}`, role, password: 'given by the administrator' } });
  }
  await runSucceeds(world, migrationId);
  return { machineId: idOf('db-01'), migrationId, sourceId: sourceId!, targetId };
}
