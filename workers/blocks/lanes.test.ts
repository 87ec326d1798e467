import { describe, expect, it } from 'vitest';
import { isAligned } from './aligned-memory.ts';
import { inLanes } from './lanes.ts';
import type { Piece } from './pieces.ts';

const BLOCK = 64 * 1024;

async function* pieces(count: number): AsyncGenerator<Piece, void, undefined> {
  for (let i = 0; i < count; i++) yield { offset: i * BLOCK, length: BLOCK, data: [{ offset: i * BLOCK, length: BLOCK }] };
}

/** The memory that the work was given. */
async function run(lanes: number, work: (buffer: Buffer) => Promise<void> = async () => {}): Promise<Set<ArrayBufferLike>> {
  const seen = new Set<ArrayBufferLike>();
  const options = { lanes, blockSize: BLOCK, signal: new AbortController().signal };
  await inLanes(
    () => pieces(20),
    options,
    async (_piece, buffer) => {
      expect(buffer).toHaveLength(BLOCK);
      expect(isAligned(buffer)).toBe(true);
      seen.add(buffer.buffer);
      await work(buffer);
    },
  ).catch((error: Error) => {
    if (error.message !== 'broken') throw error;
  });
  return seen;
}

describe('inLanes', () => {
  it('uses the memory of the thread’s last task again, where it is large enough', async () => {
    const first = await run(3);
    expect(first.size).toBe(1);
    expect(await run(2)).toEqual(first);
    expect(await run(3)).toEqual(first);
    const [large] = await run(8);
    expect(first.has(large as ArrayBufferLike)).toBe(false);
    expect(await run(3)).toEqual(new Set([large]));
  });

  it('gives tasks at the same time memory of their own', async () => {
    await run(3);
    const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
    const [[one], [other]] = await Promise.all([run(3, pause), run(3, pause)]);
    expect(one).not.toBe(other);
  });

  it('never uses memory again that a failed task may still be reading into', async () => {
    const failed = await run(3, async () => {
      throw new Error('broken');
    });
    const [next] = await run(3);
    expect(failed.has(next as ArrayBufferLike)).toBe(false);
  });
});
