import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, isZero, zeroDigest } from './digest.ts';
import { BLOCK_SIZE, computeRoot, isManifestFile, type Manifest, readManifest, writeManifest } from './manifest.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-manifest-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function sample(algorithm: Manifest['algorithm']): Manifest {
  const content = {
    algorithm,
    blockSize: BLOCK_SIZE,
    size: 2 * BLOCK_SIZE + 512,
    digests: Buffer.concat([digestOf(Buffer.from('a'), algorithm), zeroDigest(BLOCK_SIZE, algorithm), zeroDigest(512, algorithm)]),
  };
  return { ...content, root: computeRoot(content) };
}

describe('manifest', () => {
  it.each(['blake3', 'sha256'] as const)('reads what it wrote (%s) and leaves no other file', async (algorithm) => {
    const path = join(folder, `${algorithm}.manifest`);
    const manifest = sample(algorithm);
    await writeManifest(path, manifest);
    expect(await readManifest(path)).toEqual(manifest);
    expect(await isManifestFile(path)).toBe(true);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('keeps its format: the file is the documented bytes', async () => {
    const path = join(folder, 'format.manifest');
    const manifest = sample('sha256');
    await writeManifest(path, manifest);
    const bytes = await readFile(path);
    const line = `{"octopus-manifest":1,"algorithm":"sha256","blockSize":1048576,"size":2097664,"blocks":3,"root":"${manifest.root}"}\n`;
    expect(bytes.subarray(0, line.length).toString()).toBe(line);
    expect(bytes.subarray(line.length)).toEqual(manifest.digests);
    const rooted = Buffer.concat([Buffer.from('octopus-manifest-v1\nsha256\n1048576\n2097664\n'), manifest.digests]);
    expect(digestOf(rooted, 'sha256').toString('hex')).toBe(manifest.root);
    // Known answers, so that neither algorithm is exchanged unnoticed.
    expect(digestOf(Buffer.alloc(0), 'blake3').toString('hex')).toBe('af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262');
    expect(digestOf(Buffer.alloc(0), 'sha256').toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('is not put in place when what was written is not what its root is of', async () => {
    const path = join(folder, 'changed.manifest');
    const manifest = sample('blake3');
    await writeManifest(path, manifest);
    const before = await readFile(path);
    manifest.digests[40]! ^= 1;
    await expect(writeManifest(path, manifest)).rejects.toMatchObject({ code: 'manifest.invalid' });
    expect(await readFile(path)).toEqual(before);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is not put in place when it could not be read: its digests are not of all blocks', async () => {
    const path = join(folder, 'short.manifest');
    const { root: _, ...content } = sample('blake3');
    const short = { ...content, digests: content.digests.subarray(0, 64) };
    await expect(writeManifest(path, { ...short, root: computeRoot(short) })).rejects.toMatchObject({ code: 'manifest.invalid' });
    expect((await readdir(folder)).filter((name) => name.startsWith('short.'))).toEqual([]);
  });

  it('refuses a truncated, altered, foreign or missing file', async () => {
    const path = join(folder, 'bad.manifest');
    await writeManifest(path, sample('blake3'));
    const good = await readFile(path);
    const altered = Buffer.from(good);
    altered[altered.length - 1]! ^= 1;
    for (const bytes of [good.subarray(0, good.length - 1), altered, Buffer.from('hello\n'), Buffer.alloc(0), Buffer.from('null\n')]) {
      await writeFile(path, bytes);
      await expect(readManifest(path)).rejects.toMatchObject({ code: 'manifest.invalid' });
    }
    await expect(readManifest(join(folder, 'none'))).rejects.toMatchObject({ code: 'manifest.invalid' });
  });

  it('finds zeros whatever the length', () => {
    for (const length of [1, 7, 512, BLOCK_SIZE, BLOCK_SIZE + 3]) {
      const bytes = Buffer.alloc(length);
      expect(isZero(bytes)).toBe(true);
      bytes[length - 1] = 1;
      expect(isZero(bytes)).toBe(false);
    }
  });
});
