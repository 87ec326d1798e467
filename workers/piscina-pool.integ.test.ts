import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createTransferPool } from './piscina-pool.ts';
import type { TransferTask, WorkerEvent } from './protocol.ts';

const MiB = 1024 * 1024;
const SIZE = 16 * MiB;
let folder: string;
let content: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-pool-'));
  content = randomBytes(SIZE);
  await writeFile(join(folder, 'source'), content);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const task = (id: string, more: Partial<TransferTask> = {}): TransferTask => ({
  kind: 'transfer',
  id,
  source: { kind: 'file', path: join(folder, 'source') },
  sink: { kind: 'raw', path: join(folder, id), size: SIZE },
  size: SIZE,
  extents: undefined,
  journal: undefined,
  targetIsBlank: true,
  ...more,
});

it('runs tasks in threads, tells their progress and errors, and serves those that wait', async () => {
  await using pool = createTransferPool({ threads: 1 });
  const events: WorkerEvent[] = [];
  const tasks = ['a', 'b', 'c'].map((id) => pool.run(task(id), { onEvent: (event) => events.push(event) }));
  const bad = pool.run(task('bad', { source: { kind: 'file', path: join(folder, 'none') } }));
  for (const { result } of tasks) expect(await result).toMatchObject({ ok: true, counts: { read: SIZE, sent: SIZE } });
  await expect(bad.result).rejects.toMatchObject({ code: 'source.missing' });
  expect((await readFile(join(folder, 'c'))).equals(content)).toBe(true);
  for (const id of ['a', 'b', 'c']) expect(events.findLast((event) => event.taskId === id)?.counts.read).toBe(SIZE);
});

it('cancels what runs and what waits, and goes on', async () => {
  await using pool = createTransferPool({ threads: 1 });
  const abort = new AbortController();
  let seen = (): void => {};
  const begun = new Promise<void>((resolve) => (seen = resolve));
  const running = pool.run(task('slow', { limit: 1024 }), { signal: abort.signal, onEvent: () => seen() });
  const waiting = pool.run(task('waiting'));
  await begun;
  waiting.control({ type: 'cancel' });
  await expect(waiting.result).rejects.toMatchObject({ code: 'operation.cancelled' });
  abort.abort();
  await expect(running.result).rejects.toMatchObject({ code: 'operation.cancelled' });
  expect(await pool.run(task('after')).result).toMatchObject({ ok: true });
});

it('changes the limit of a running task', async () => {
  await using pool = createTransferPool({ threads: 1 });
  const began = performance.now();
  const running = pool.run(task('limited', { limit: MiB / 4 }));
  setTimeout(() => running.control({ type: 'limit', bytesPerSecond: undefined }), 400);
  await running.result;
  expect(performance.now() - began).toBeGreaterThan(350);
});

it('a limited disk keeps no other from being copied', async () => {
  await using pool = createTransferPool();
  const end = new AbortController();
  const slow = Array.from({ length: pool.tasksPerDisk }, (_, part) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const running = pool.run(task(`slow-${part}`, { limit: 1024 }), { signal: end.signal, onEvent: () => resolve() });
    running.result.catch(() => undefined);
    return { running, begun: promise };
  });
  await Promise.all(slow.map(({ begun }) => begun));
  expect(await pool.run(task('other')).result).toMatchObject({ ok: true });
  end.abort();
  for (const { running } of slow) await expect(running.result).rejects.toMatchObject({ code: 'operation.cancelled' });
});

/** The real worker, with threads that die of a task as its id says. `tries`: how often a task was begun. */
async function deadlyWorker(): Promise<{ workerFile: string; tries: (id: string) => Promise<number> }> {
  const workerFile = join(folder, 'deadly.cjs');
  await writeFile(
    workerFile,
    `const { appendFileSync } = require('node:fs');
    const { default: run } = require(${JSON.stringify(resolve('dist', 'transfer.cjs'))});
    module.exports = (given) => {
      const { id } = given.task;
      appendFileSync(${JSON.stringify(folder)} + '/' + id + '.tries', '.');
      if (id.startsWith('exits')) setTimeout(() => process.exit(0), 20);
      if (id.startsWith('throws')) setTimeout(() => { throw new Error('out of line'); }, 20);
      return run(given);
    };`,
  );
  return { workerFile, tries: async (id) => (await readFile(join(folder, `${id}.tries`))).length };
}

it('a thread that dies takes its task alone with it: that one fails as worth trying again, those that wait are done', async () => {
  const { workerFile, tries } = await deadlyWorker();
  await using pool = createTransferPool({ threads: 1, workerFile });
  const deadly = ['exits', 'throws', 'exits-too'].map((id) => pool.run(task(id, { limit: MiB })));
  const others = ['p', 'q'].map((id) => pool.run(task(id)));
  for (const { result } of deadly) {
    await expect(result).rejects.toMatchObject({
      code: 'internal.unexpected',
      retryable: true,
      message: expect.stringContaining('thread'),
    });
  }
  for (const { result } of others) expect(await result).toMatchObject({ ok: true, counts: { read: SIZE } });
  // Whoever asked decides whether it is tried again.
  for (const id of ['exits', 'throws', 'exits-too', 'p', 'q']) expect(await tries(id)).toBe(1);
});

it('threads that are ended as they start are replaced, and where none can be started the tasks fail', async () => {
  const original = Worker.prototype.postMessage;
  const post = vi.spyOn(Worker.prototype, 'postMessage');
  try {
    let left = 2;
    post.mockImplementation(function (this: Worker, ...given) {
      // The first message to a thread tells it what to load.
      if (left-- > 0) void this.terminate();
      else Reflect.apply(original, this, given);
    });
    await using pool = createTransferPool({ threads: 1 });
    const both = ['late', 'later'].map((id) => pool.run(task(id)));
    for (const { result } of both) expect(await result).toMatchObject({ ok: true });
    left = Number.POSITIVE_INFINITY;
    await using other = createTransferPool({ threads: 1 });
    const never = ['never', 'never-ever'].map((id) => other.run(task(id)));
    for (const { result } of never) await expect(result).rejects.toMatchObject({ code: 'internal.unexpected', retryable: true });
  } finally {
    post.mockRestore();
  }
});
