import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../domain/clock.ts';
import { openStore, type Store } from '../store/store.ts';
import { createEventLog } from './event-log.ts';

let folder: string;
let store: Store;
const clock: Clock = { now: () => new Date('2026-01-02T03:04:05Z'), sleep: async () => {} };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-events-'));
  store = await openStore(join(folder, 'octopus.db'));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

test('events keep their order and ids, and are stored before they are told', async () => {
  const log = createEventLog(store, clock);
  const told: number[] = [];
  const unsubscribe = log.subscribe(({ id }) => told.push(id));
  const ids = await Promise.all(Array.from({ length: 100 }, (_, n) => log.publish({ type: 'run.note', data: { n } })));
  expect(ids).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  expect(told).toEqual(ids);
  unsubscribe();
  await log.publish({ type: 'run.note', data: {} });
  expect(told).toHaveLength(100);
  const replayed = await log.since(97, 10);
  expect(replayed.map(({ id }) => id)).toEqual([98, 99, 100, 101]);
  expect(replayed[0]).toEqual({ id: 98, at: '2026-01-02T03:04:05.000Z', type: 'run.note', data: { n: 97 } });
});

test('the newest are kept, ids go on after a restart, and who was away for too long learns of the gap', async () => {
  const log = createEventLog(store, clock, 20, 5);
  for (let n = 0; n < 50; n++) await log.publish({ type: 'x', data: n });
  const kept = await log.since(0, 1000);
  expect(kept.length).toBeGreaterThanOrEqual(20);
  expect(kept.length).toBeLessThanOrEqual(26);
  expect(kept.at(-1)?.id).toBe(50);
  expect(await log.hasGap(1)).toBe(true);
  expect(await log.hasGap(45)).toBe(false);
  await store.events.prune(0);
  await store.close();
  store = await openStore(join(folder, 'octopus.db'));
  expect(await createEventLog(store, clock).publish({ type: 'x', data: 1 })).toBe(51);
});

test('what cannot be written is told to the one who published it, and the next one goes on', async () => {
  let broken = true;
  const events = {
    ...store.events,
    add: (list: Parameters<Store['events']['add']>[0]) => (broken ? Promise.reject(new Error('full')) : store.events.add(list)),
  };
  const log = createEventLog({ events }, clock);
  await expect(log.publish({ type: 'x', data: 1 })).rejects.toThrow('full');
  broken = false;
  expect(await log.publish({ type: 'x', data: 2 })).toBe(1);
});
