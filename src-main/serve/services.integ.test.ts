import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { openEventClient } from '../rest/testing/event-client.ts';
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
const codeOf = async (answer: Promise<Answer>) => (await answer).json?.code;

test('a source, a target and a migration from beginning to end', async () => {
  const { call, lab } = world;
  const { url, username, password, thumbprint } = lab;
  const wrong = { url, username, password: 'not the one', thumbprint };
  expect(await codeOf(call('POST', '/sources', { body: wrong }))).toBe('source.denied');
  expect(ok(await call('GET', '/sources'), 200).items).toEqual([]);
  const source = ok(await call('POST', '/sources', { body: { ...wrong, password } }), 201);
  expect(await codeOf(call('POST', '/sources', { body: { ...wrong, password } }))).toBe('conflict.exists');
  expect(ok(await call('POST', `/sources/${source.id}/test`), 200)).toMatchObject({ name: expect.any(String) });
  expect(ok(await call('POST', `/sources/${source.id}/sync`), 200)).toMatchObject({ machines: 1, removed: 0 });

  // Its password is taken along by a change of another field; another vCenter is no change of this one.
  ok(await call('PATCH', `/sources/${source.id}`, { body: { username } }), 200);
  expect(await codeOf(call('PATCH', `/sources/${source.id}`, { body: { password: 'not the one' } }))).toBe('source.denied');
  ok(await call('POST', `/sources/${source.id}/test`), 200);
  await using other = await startLabVcenter({ generate: 1, seed: 99 });
  const login = { url: other.url, username: other.username, password: other.password, thumbprint: other.thumbprint };
  expect(await call('PATCH', `/sources/${source.id}`, { body: login })).toMatchObject({ status: 400, json: { field: 'url' } });

  const target = ok(await call('POST', '/targets', { body: { folder: join(world.folder, 'target'), name: 'shelf' } }), 201);
  expect(ok(await call('PATCH', `/targets/${target.id}`, { body: { name: 'rack' } }), 200).name).toBe('rack');
  const [machine] = ok(await call('GET', '/vms'), 200).items;
  const body = { machineId: machine.id, targetId: target.id };
  const migration = ok(await call('POST', '/migrations', { as: 'operator', body }), 201);
  expect(await codeOf(call('POST', '/migrations', { body }))).toBe('conflict.exists');
  expect(await codeOf(call('DELETE', `/sources/${source.id}`))).toBe('conflict.in-use');
  expect(await codeOf(call('DELETE', `/targets/${target.id}`))).toBe('conflict.in-use');

  using mine = await openEventClient(world.application.rest.url, world.tokens.operator, 0);
  using others = await openEventClient(world.application.rest.url, world.tokens.viewer, 0);
  const path = `/migrations/${migration.id}`;
  const [one, two] = await Promise.all([0, 1].map(() => call('POST', `${path}/sync`, { as: 'operator', body: { kind: 'incremental' } })));
  expect([one?.status, two?.status].sort()).toEqual([202, 409]);
  await expect.poll(() => mine.told.map(({ event }) => event), { timeout: 20_000 }).toContain('operation.ended');
  const types = mine.told.map(({ event }) => event);
  expect(types.filter((type) => type === 'run.started')).toHaveLength(1);
  expect(mine.told.at(types.indexOf('run.ended'))?.data.data).toMatchObject({ state: 'succeeded' });
  expect(types.indexOf('operation.started')).toBeLessThan(types.indexOf('run.started'));
  expect(others.told.map(({ data }) => data.data?.migrationId).filter((id) => id !== undefined)).toEqual([]);
  expect(ok(await call('GET', path, { as: 'operator' }), 200)).toMatchObject({ lastRun: { state: 'succeeded' } });

  // Beginning and cancelling leaves nothing busy.
  ok(await call('POST', `${path}/sync`, { body: { kind: 'reconcile' } }), 202);
  expect(ok(await call('POST', `${path}/cancel`), 200).working).toBeUndefined();
  await expect.poll(() => mine.told.filter(({ event }) => event === 'operation.ended').length).toBe(2);
  expect(mine.told.at(-1)?.data.data).toMatchObject({ kind: 'sync', error: { code: 'operation.cancelled' } });
  expect(await codeOf(call('POST', `${path}/rollback`))).toBe('job.state');
  ok(await call('PUT', '/admin/env/replication.parallelDisksPerHost', { body: { value: 1 } }), 200);
});

test('the lab comes as a source of its own, once', async () => {
  const { call } = world;
  expect(ok(await call('GET', '/lab'), 200)).toEqual({ running: false, machines: 0 });
  const start = () => call('POST', '/lab', { body: { machines: 2, seed: 5 } });
  const [first, second] = await Promise.all([start(), start()]);
  expect(ok(first, 200)).toMatchObject({ running: true, machines: 2 });
  expect(ok(second, 200).sourceId).toBe(first.json.sourceId);
  expect(ok(await call('GET', `/vms?sourceId=${first.json.sourceId}`), 200).items).toHaveLength(2);
  ok(await call('DELETE', '/lab'), 204);
  expect(ok(await call('GET', '/lab'), 200).running).toBe(false);
  // Ended and started anew it is the same source, at another address.
  expect(ok(await start(), 200).sourceId).toBe(first.json.sourceId);
  ok(await call('DELETE', '/lab'), 204);
  ok(await call('DELETE', `/sources/${first.json.sourceId}`), 204);
  ok(await start(), 200);
});

test('nothing secret is in the log', () => {
  const log = world.logLines.join('');
  for (const secret of [world.lab.password, world.password, ...Object.values(world.tokens)]) expect(log).not.toContain(secret);
});
