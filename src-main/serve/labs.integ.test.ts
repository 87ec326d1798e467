import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { openEventClient } from '../rest/testing/event-client.ts';
import { type ApplicationWorld, openApplicationWorld } from './testing/application-world.ts';

let world: ApplicationWorld;
beforeAll(async () => {
  world = await openApplicationWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

test('another lab is another source: no machine of one is in the other', async () => {
  const uuids = new Set<string>();
  const sources = new Map<string, string>();
  let all = 0;
  for (const body of [{}, { machines: 2 }, { machines: 3 }, { machines: 2, seed: 9 }, {}, { machines: 2 }]) {
    const lab = (await world.call('POST', '/lab', { body })).json;
    expect(lab).toMatchObject({ running: true, last: { seed: 8, ...body } });
    const key = JSON.stringify(body);
    const { items } = (await world.call('GET', `/vms?sourceId=${lab.sourceId}`)).json;
    expect(items).toHaveLength(lab.machines);
    if (sources.has(key)) expect(lab.sourceId).toBe(sources.get(key));
    else all += items.length;
    sources.set(key, lab.sourceId);
    for (const { id } of items) uuids.add((await world.call('GET', `/vms/${id}`)).json.instanceUuid);
    await world.call('DELETE', '/lab');
    expect((await world.call('GET', '/lab')).json).toEqual({ running: false, machines: 0, last: { seed: 8, ...body } });
  }
  expect(new Set(sources.values()).size).toBe(4);
  expect(uuids.size).toBe(all);
});

test('a lab of generated machines that was kept before stays what it is', async () => {
  const folder = join(world.folder, 'data', 'lab');
  await mkdir(folder, { recursive: true });
  const before = await startLabVcenter({ seed: 77, generate: 2, keep: { path: join(folder, '77-2.journal') } });
  const uuids = [...before.world.machines.values()].map(({ instanceUuid }) => instanceUuid);
  await before.close();
  const lab = (await world.call('POST', '/lab', { body: { seed: 77, machines: 2 } })).json;
  expect(lab).toMatchObject({ running: true, machines: 2 });
  expect(lab.trouble).toBeUndefined();
  const { items } = (await world.call('GET', `/vms?sourceId=${lab.sourceId}`)).json;
  const found = await Promise.all(items.map(async ({ id }: { id: string }) => (await world.call('GET', `/vms/${id}`)).json.instanceUuid));
  expect(found.sort()).toEqual(uuids.sort());
  await world.call('DELETE', '/lab');
});

test('a machine with a migration is not overwritten by another one under its uuid, which is refused before anything is copied', async () => {
  const { call } = world;
  const start = (name: string, size: number) => startLabVcenter({ seed: 4712, taskMs: 2, machines: [{ name, disks: [{ size }] }] });
  const login = ({ url, username, password, thumbprint }: Awaited<ReturnType<typeof start>>) => ({ url, username, password, thumbprint });
  await using first = await start('web', 2 ** 20);
  const source = (await call('POST', '/sources', { body: login(first) })).json;
  await call('POST', `/sources/${source.id}/sync`);
  const machines = async () => (await call('GET', `/vms?sourceId=${source.id}`)).json.items;
  const [{ id: machineId }] = await machines();
  const target = (await call('POST', '/targets', { body: { folder: join(world.folder, 'shelf') } })).json;
  const migration = (await call('POST', '/migrations', { body: { machineId, targetId: target.id } })).json;
  await using second = await start('file server', 2 ** 21);
  expect((await call('PATCH', `/sources/${source.id}`, { body: login(second) })).status).toBe(200);
  await call('POST', `/sources/${source.id}/sync`);
  expect((await machines()).map(({ name }: { name: string }) => name)).toEqual(['web']);
  using told = await openEventClient(world.application.rest.url, world.tokens.admin, 0);
  expect((await call('POST', `/migrations/${migration.id}/sync`, { body: { kind: 'incremental' } })).status).toBe(202);
  const ends = () => told.told.filter(({ event }) => event === 'operation.ended').map(({ data }) => data.data);
  await expect.poll(ends, { timeout: 60_000 }).toMatchObject([{ kind: 'sync', error: { code: 'source.missing' } }]);
});
