import { afterAll, beforeAll, expect, test } from 'vitest';
import { OctopusError } from '../../workers/octopus-error.ts';
import { createTransferPool } from '../../workers/piscina-pool.ts';
import type { TransferPool } from '../../workers/pool.ts';
import { EngineWorld } from './testing/engine-world.ts';

let pool: TransferPool;

beforeAll(() => {
  pool = createTransferPool({ threads: 1 });
});
afterAll(() => pool[Symbol.asyncDispose]());

test.each(['source', 'target'] as const)('a cutover whose %s cannot be opened never began: runs go on once it is there', async (which) => {
  let there = true;
  const open = async <Provider>(name: string, provider: Provider): Promise<Provider> => {
    if (name === which && !there) throw new OctopusError(`${which}.missing`, 'It is not there.');
    return provider;
  };
  await using world: EngineWorld = await EngineWorld.open(
    { pool, source: () => open('source', world.source), target: () => open('target', world.target) },
    [2 ** 20],
  );
  const { replicator, store } = world;
  await replicator.run('j');
  there = false;
  await expect(replicator.cutover('j')).rejects.toMatchObject({ code: `${which}.missing` });
  expect(await store.cutovers.unfinished()).toEqual([]);
  there = true;
  expect((await replicator.run('j')).run.state).toBe('succeeded');
});
