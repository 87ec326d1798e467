import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EventClient, openEventClient } from '../rest/testing/event-client.ts';
import { type MigrationsWorld, openMigrationsWorld } from './testing/lab-migrations.ts';

const CLIENTS = 200;

let lab: MigrationsWorld;
const clients: EventClient[] = [];
beforeAll(async () => {
  lab = await openMigrationsWorld(['a', 'b', 'c', 'd'], 4 * 2 ** 20);
});
afterAll(async () => {
  for (const client of clients) client[Symbol.dispose]();
  await lab?.[Symbol.asyncDispose]();
});

test(`${CLIENTS} event streams beside real runs: each gets every event once and in order`, async () => {
  const { world, ok, migrations } = lab;
  const { url } = world.application.rest;
  // From the beginning of the log, so that all have to hear the same.
  clients.push(...(await Promise.all(Array.from({ length: CLIENTS }, () => openEventClient(url, world.tokens.admin, 0)))));
  expect(clients.map(({ status }) => status)).toEqual(Array(CLIENTS).fill(200));
  const begun = await Promise.all(Object.values(migrations).map((id) => ok('POST', `/migrations/${id}/sync`, {})));
  const endsOf = ({ told }: EventClient) => told.filter(({ event }) => event === 'operation.ended').length;
  await expect.poll(() => clients.every((client) => endsOf(client) === begun.length)).toBe(true);
  for (const id of Object.values(migrations)) expect((await lab.idle(id)).lastRun.state).toBe('succeeded');
  const last = Math.max(...clients.map(({ told }) => Number(told.at(-1)?.id)));
  await expect.poll(() => clients.every(({ told }) => Number(told.at(-1)?.id) === last)).toBe(true);
  const [first] = clients as [EventClient];
  const heard = first.told.map(({ id }) => Number(id));
  expect(heard).toEqual(Array.from({ length: last - heard[0]! + 1 }, (_, index) => heard[0]! + index));
  for (const { told } of clients) expect(told.map(({ id }) => Number(id))).toEqual(heard);
  const types = first.told.map(({ event }) => event);
  expect(types).not.toContain('gap');
  expect(types.filter((type) => type === 'run.ended')).toHaveLength(begun.length);
  expect(types).toContain('run.progress');
});
