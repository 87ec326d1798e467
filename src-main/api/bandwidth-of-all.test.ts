import { expect, test } from 'vitest';
import { inventoryOf } from '../estimation/testing/facts.ts';
import { at, openWorld } from './testing/world.ts';

test('the bandwidth of all runs is told with each migration, and an estimate is by it', async () => {
  await using world = await openWorld();
  await world.store.machines.put({ id: 'big', sourceEnvironmentId: 'own', inventory: inventoryOf('big', 2 ** 30), seenAt: at });
  const context = { caller: world.callers.admin, address: '192.0.2.7', requestId: 'r', signal: new AbortController().signal };
  const ask = async (id: 'migrations.get' | 'estimates.get', input: object) => (await world.api.call(id, input, context)).body;
  expect(await ask('migrations.get', { params: { id: 'own' } })).toMatchObject({ bandwidthLimitOfAll: undefined });
  expect(await ask('estimates.get', { query: { machineIds: 'big' } })).not.toHaveProperty('limit');
  await world.services.settings.set('replication.bandwidthLimit', 65_536);
  expect(await ask('migrations.get', { params: { id: 'own' } })).toMatchObject({ bandwidthLimitOfAll: 65_536 });
  const told = { limit: { bytesPerSecond: 65_536, of: 'all' } };
  expect(await ask('estimates.get', { query: { machineIds: 'big' } })).toMatchObject(told);
  expect(await ask('estimates.get', { query: { machineIds: 'big', bandwidthLimit: '1000' } })).toMatchObject({
    limit: { bytesPerSecond: 1000, of: 'migration' },
  });
});
