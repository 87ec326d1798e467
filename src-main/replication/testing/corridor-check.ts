import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Blake3Hasher } from '@napi-rs/blake-hash';
import type { RecoveryPoint } from '../../domain/recovery-point.ts';
import type { Run, RunDisk } from '../../domain/run.ts';
import { type CorridorWorld, OTHER_OCTOPUS, type Truth } from './corridor-world.ts';

const MiB = 2 ** 20;
const hash = (bytes: Buffer) => new Blake3Hasher().update(bytes).digestBuffer();

/** Own snapshots that are there now. */
export function ownSnapshots(world: CorridorWorld): string[] {
  return [...world.machine.snapshots.values()]
    .map(({ name }) => name)
    .filter((name) => name.startsWith('octopus-') && name !== OTHER_OCTOPUS);
}

/** The images of a point are what the source held at the snapshot, byte for byte, and its manifests say so. */
export async function checkPoint(folder: string, point: RecoveryPoint, truth: Truth): Promise<void> {
  assert.deepEqual(point.disks.map(({ key }) => key).sort(), [...truth.keys()].sort(), 'the point has the disks of its snapshot');
  for (const disk of point.disks) {
    const expected = truth.get(disk.key)!;
    const where = `disk ${disk.key} of ${point.kind} point ${point.id}`;
    assert.equal(disk.capacity, expected.length, `${where}: capacity`);
    const image = await readFile(join(folder, point.id, disk.image));
    assert.equal(image.length, expected.length, `${where}: size of the image`);
    if (!image.equals(expected)) assert.fail(`${where} differs from the source at its snapshot: ${differences(image, expected)}`);
    await checkManifest(join(folder, point.id, disk.manifest), image, disk.manifestRoot, where);
  }
}

/** Reads the manifest by its description alone (workers/blocks/manifest.ts is not used). */
async function checkManifest(path: string, image: Buffer, root: string, where: string): Promise<void> {
  const bytes = await readFile(path);
  const end = bytes.indexOf(10);
  const header = JSON.parse(bytes.toString('utf8', 0, end)) as Record<string, unknown>;
  const blocks: Buffer[] = [];
  for (let at = 0; at < image.length; at += MiB) blocks.push(hash(image.subarray(at, at + MiB)));
  const digests = Buffer.concat(blocks);
  const title = Buffer.from(`octopus-manifest-v1\nblake3\n${MiB}\n${image.length}\n`);
  const expected = hash(Buffer.concat([title, digests])).toString('hex');
  assert.deepEqual(
    header,
    { 'octopus-manifest': 1, algorithm: 'blake3', blockSize: MiB, size: image.length, blocks: blocks.length, root: expected },
    `${where}: head of the manifest`,
  );
  const [held, right] = [bytes.toString('hex', end + 1), digests.toString('hex')];
  assert.equal(held, right, `${where}: the manifest holds the digests ${held} in place of ${right}`);
  assert.equal(root, expected, `${where}: root digest`);
}

function differences(image: Buffer, expected: Buffer): string {
  const blocks: string[] = [];
  for (let at = 0; at < image.length && blocks.length < 8; at += 64 * 1024) {
    const is = image.subarray(at, at + 64 * 1024);
    const should = expected.subarray(at, at + 64 * 1024);
    if (is.equals(should)) continue;
    const zeros = (part: Buffer) => (part.every((byte) => byte === 0) ? 'zeros' : 'data');
    blocks.push(`64 KiB at ${at} (${zeros(is)} in place of ${zeros(should)})`);
  }
  return blocks.join(', ');
}

/** Every byte of what was planned is accounted for. */
export function checkCounts(run: Run, disks: RunDisk[]): void {
  for (const { key, counts, mode, capacity, extents } of disks) {
    const what = `disk ${key} of run ${run.id} (${mode})`;
    assert.equal(counts.read, counts.sent + counts.zero + counts.unchanged, `${what}: read = sent + zero + unchanged`);
    let planned = capacity;
    if (extents !== undefined) planned = extents.reduce((sum, value, index) => (index % 2 === 1 ? sum + value : sum), 0);
    assert.equal(counts.read, planned, `${what}: everything planned was settled`);
    if (run.kind !== 'incremental') assert.equal(counts.verified, capacity, `${what}: everything was read back`);
  }
}

/** Nothing half-made lies beside the points. */
export async function checkNothingHalfMade(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  assert.deepEqual(
    names.filter((name) => name.startsWith('.')),
    [],
    'half-made points',
  );
}
