import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../rest/testing/rest-world.ts';
import { type ApplicationWorld, openApplicationWorld } from './testing/application-world.ts';

let world: ApplicationWorld;
beforeAll(async () => {
  world = await openApplicationWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

const ok = (answer: Answer, status: number) => {
  expect(answer.status, answer.text).toBe(status);
  return answer.json;
};

test('a machine that a removed migration left running is shown with its target, and stopped there by whoever may', async () => {
  const { call, lab } = world;
  const folder = join(world.folder, 'target');
  const { url, username, password, thumbprint } = lab;
  const source = ok(await call('POST', '/sources', { body: { url, username, password, thumbprint } }), 201);
  ok(await call('POST', `/sources/${source.id}/sync`), 200);
  const target = ok(await call('POST', '/targets', { body: { folder, name: 'shelf' } }), 201);
  const path = `/targets/${target.id}/machines`;
  expect(ok(await call('GET', path, { as: 'viewer' }), 200).items).toEqual([]);

  const [machine] = ok(await call('GET', '/vms'), 200).items;
  const instanceUuid = lab.world.machineByName(machine.name)!.instanceUuid;
  const left = (id: string) => join(folder, id, 'running', 'point-1');
  for (const id of [instanceUuid, '5029cf3e-0000-4000-8000-00000000abcd']) await mkdir(left(id), { recursive: true });
  await writeFile(join(left(instanceUuid), 'started.json'), JSON.stringify({ point: 'point-1', machine: machine.name }));
  // Folders that are not ours are none of our business.
  await mkdir(join(folder, 'lost+found and more'));
  const items = ok(await call('GET', path, { as: 'viewer' }), 200).items;
  const where = expect.stringContaining(join(left(instanceUuid), 'console.log'));
  const told = { machineId: instanceUuid, name: machine.name, running: false, inUse: false, since: expect.any(String), where };
  expect(items).toHaveLength(2);
  expect(items).toContainEqual(told);

  // While a migration has cut over to it, that is what it is undone by.
  const migration = ok(await call('POST', '/migrations', { body: { machineId: machine.id, targetId: target.id } }), 201);
  const becomes = (state: string) => {
    const database = new SqliteDatabase(join(world.folder, 'data', 'octopus.db'));
    database.prepare('UPDATE migration_jobs SET state = ? WHERE id = ?').run(state, migration.id);
    database.close();
  };
  becomes('cut-over');
  const of = async (as: 'admin' | 'operator') =>
    ok(await call('GET', path, { as }), 200).items.find(({ machineId }: { machineId: string }) => machineId === instanceUuid);
  expect(await of('admin')).toMatchObject({ inUse: true, migrationId: migration.id });
  expect(await of('operator')).toEqual({ ...told, inUse: true });
  const stop = (as: 'admin' | 'operator' | 'viewer', id = instanceUuid) => call('POST', `${path}/${id}/stop`, { as });
  expect(await stop('admin')).toMatchObject({ status: 409, json: { code: 'job.state' } });

  becomes('active');
  expect((await stop('viewer')).status).toBe(403);
  expect((await stop('operator', 'nobody')).status).toBe(404);
  ok(await stop('operator'), 204);
  expect((await stop('operator')).status).toBe(404);
  expect(ok(await call('GET', path), 200).items).toHaveLength(1);
  const entries = ok(await call('GET', '/admin/logs?action=target.stop-machine'), 200).items;
  expect(entries).toContainEqual(
    expect.objectContaining({ subjectId: target.id, message: `${machine.name} was stopped`, outcome: 'succeeded' }),
  );

  await rm(folder, { recursive: true });
  expect(await call('GET', path)).toMatchObject({ json: { code: 'target.missing' } });
  expect((await call('GET', '/targets/none/machines')).status).toBe(404);
});
