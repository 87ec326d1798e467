import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createTransferPool } from '../../workers/piscina-pool.ts';
import { EngineWorld } from './testing/engine-world.ts';

const MiB = 2 ** 20;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-death-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('threads that are ended in the midst of a run are replaced, and the run goes on from its last checkpoint', async () => {
  const threads = new Set<Worker>();
  const original = Worker.prototype.postMessage;
  const post = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...given) {
    threads.add(this);
    Reflect.apply(original, this, given);
  });
  try {
    await using pool = createTransferPool({ threads: 2 });
    const tuning = { taskBytes: 2 * MiB, checkpointBytes: 2 * MiB, limit: 6 * MiB };
    await using world = await EngineWorld.open({ pool, tuning }, [8 * MiB, 5 * MiB]);
    const run = world.replicator.run('j');
    const checkpoints = () => world.events.filter(({ type }) => type === 'checkpoint').length;
    await vi.waitFor(() => expect(checkpoints()).toBeGreaterThan(1), { timeout: 60_000 });
    const ended = [...threads];
    await Promise.all(ended.map((thread) => thread.terminate()));
    const { run: done } = await run;
    expect(ended).toHaveLength(2);
    const retries = world.events.filter((event) => event.type === 'retry');
    expect(retries.map(({ code }) => code)).toEqual(retries.map(() => 'internal.unexpected'));
    expect(retries.length).toBeGreaterThan(0);
    expect(done).toMatchObject({ state: 'succeeded', reconnects: retries.length });
    const { read, sent, zero, unchanged, verified } = done.counts;
    expect([read, verified, sent + zero + unchanged]).toEqual([13 * MiB, 13 * MiB, 13 * MiB]);
    expect(await world.wrong()).toEqual([]);
    // So is a verification that somebody asks for.
    let killed = 0;
    const kill = () => {
      if (killed++ === 0) for (const thread of threads) void thread.terminate();
    };
    expect(await world.replicator.verify('j', { onProgress: kill })).toMatchObject({ mismatch: undefined });
    expect(killed).toBeGreaterThan(0);
  } finally {
    post.mockRestore();
  }
});

test('a task that ends its thread each time ends as a failure that says so, and the next run is proven', async () => {
  const workerFile = join(folder, 'deadly.cjs');
  const mark = join(folder, 'deadly');
  const tries = join(folder, 'tries');
  await writeFile(
    workerFile,
    `const { appendFileSync, existsSync } = require('node:fs');
    const { default: run } = require(${JSON.stringify(resolve('dist', 'transfer.cjs'))});
    module.exports = (given) => {
      if (existsSync(${JSON.stringify(mark)}) && given.task.id.includes('/2001/')) {
        appendFileSync(${JSON.stringify(tries)}, '.');
        setTimeout(() => process.exit(1), 5);
        return new Promise(() => {});
      }
      return run(given);
    };`,
  );
  await appendFile(mark, '');
  await using pool = createTransferPool({ threads: 2, workerFile });
  await using world = await EngineWorld.open({ pool }, [3 * MiB, 2 * MiB]);
  await expect(world.replicator.run('j')).rejects.toMatchObject({
    code: 'internal.unexpected',
    message: expect.stringContaining('The thread that worked on it ended'),
  });
  expect((await readFile(tries)).length).toBe(4);
  const [failed] = await world.store.runs.ofJob('j');
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'internal.unexpected' } });
  expect(world.source.snapshots).toEqual([]);
  await rm(mark);
  await world.replicator.run('j');
  expect(await world.wrong()).toEqual([]);
});
