import { mkdtemp, readFile, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALIGNMENT, allocateAligned, isAligned } from '../blocks/aligned-memory.ts';
import { randomFrom } from '../testing/random-from.ts';
import { ImageFile } from './image-file.ts';

const MiB = 1024 * 1024;
const SIZE = 16 * MiB + 512;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-image-file-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('image file', () => {
  it('holds what was written past the page cache, through it, and over both', async () => {
    const seed = Number(process.env.OCTOPUS_SEED ?? 20_260_401);
    console.info(`image file: seed ${seed}, file system ${(await statfs(folder)).type.toString(16)}`);
    const random = randomFrom(seed);
    const path = join(folder, 'random.raw');
    const file = await ImageFile.open(path);
    await file.resize(SIZE);
    const expected = Buffer.alloc(SIZE);
    for (let round = 0; round < 60; round++) {
      // Disjoint stretches at the same time, as the lanes of a copy write them; over what earlier rounds wrote.
      const stretches = Array.from({ length: 8 }, (_, index) => {
        const unit = [512, ALIGNMENT, 64 * 1024, MiB][Math.floor(random() * 4)] as number;
        const from = Math.ceil((index * 2 * MiB + random() * MiB) / unit) * unit;
        return { offset: from, length: Math.min((index + 1) * 2 * MiB - from, Math.ceil((random() * 2 * MiB) / unit) * unit) };
      }).filter(({ length }) => length > 0);
      await Promise.all(
        stretches.map(async ({ offset, length }) => {
          const memory = random() < 0.8 ? allocateAligned(2 * MiB) : Buffer.allocUnsafeSlow(2 * MiB);
          const bytes = memory.subarray(0, length).fill(1 + Math.floor(random() * 255));
          bytes.copy(expected, offset);
          await file.write(offset, bytes);
        }),
      );
      if (random() < 0.3) await file.zero(0, ALIGNMENT).then(() => expected.fill(0, 0, ALIGNMENT));
      if (random() < 0.3) await file.flush();
      const held = Buffer.alloc(SIZE);
      await file.read(0, held);
      expect(held.equals(expected)).toBe(true);
    }
    await file.flush();
    await file.close();
    expect((await readFile(path)).equals(expected)).toBe(true);
  });

  it('has memory that direct I/O takes', () => {
    const memory = allocateAligned(3 * MiB);
    expect(memory.length).toBe(3 * MiB);
    expect(isAligned(memory.subarray(MiB, 2 * MiB))).toBe(true);
    expect(isAligned(memory.subarray(512, 512 + ALIGNMENT))).toBe(false);
    expect(isAligned(memory.subarray(0, ALIGNMENT - 512))).toBe(false);
    expect(isAligned(Buffer.allocUnsafeSlow(MiB))).toBe(false);
  });
});
