import { readManifest } from '../../workers/blocks/manifest.ts';
import type { SourceDescriptor, VerifyMismatch } from '../../workers/protocol.ts';
import { verifyDisk } from '../replication/copy-disk.ts';
import { type Terminal, usageError } from './command.ts';
import { descriptorOf, inspectImage, parsePlace, statOrUndefined, VHD_FOOTER } from './image.ts';
import { requireReadable } from './named-file.ts';
import { mostTasks, openPool } from './open-pool.ts';
import { probeSource } from './probe-source.ts';
import { progressOf } from './progress.ts';
import { serveImage } from './qemu-nbd.ts';

export interface VerifyResult {
  /** Every block is what the manifest says, and there is no block more or less. */
  proven: boolean;
  image: string;
  manifest: string;
  root: string;
  algorithm: string;
  /** Bytes of the disk that the manifest describes, and of the one in the image. */
  size: number;
  imageSize: number;
  /** Bytes that agree. */
  verified: number;
  /** The first 100. */
  mismatches: VerifyMismatch[];
  mismatchCount: number;
  seconds: number;
}

const SECTOR = 512;

export async function verifyImage(given: { image: string | undefined; manifest: string }, terminal: Terminal): Promise<VerifyResult> {
  const began = performance.now();
  const place = parsePlace('image', given.image, undefined, 'verify');
  if (place.kind === 'file' && (await statOrUndefined(place.path))?.isDirectory()) {
    throw usageError('image', `The IMAGE ${given.image} is a folder; name an image file in it.`);
  }
  await requireReadable('manifest', given.manifest);
  const manifest = await readManifest(given.manifest);
  const { size, root, algorithm } = manifest;
  const found = place.kind === 'file' ? await inspectImage(place.path) : undefined;
  await using served =
    place.kind === 'file' && found?.format === 'qcow2'
      ? await serveImage(place.path, 'qcow2', { readOnly: true, connections: mostTasks() + 1, signal: terminal.signal })
      : undefined;
  const asked = served === undefined ? descriptorOf(place) : ({ kind: 'nbd', ...served.address } as const);
  const descriptor: SourceDescriptor = asked.kind === 'file' ? { ...asked, direct: true } : asked;
  await using probe = await probeSource(descriptor, mostTasks(), terminal.signal);
  // A raw disk that ends like a VHD is told apart by the manifest.
  const vhd = found?.format === 'vhd' && probe.size !== size;
  const imageSize = vhd ? probe.size - VHD_FOOTER : probe.size;
  const known = { image: given.image as string, manifest: given.manifest, root, algorithm, size, imageSize };
  // Behind NBD and in qcow2 sizes are whole sectors.
  const rounded = place.kind === 'nbd' || served !== undefined ? Math.ceil(size / SECTOR) * SECTOR : size;
  if (imageSize !== size && imageSize !== rounded) {
    return { proven: false, ...known, verified: 0, mismatches: [], mismatchCount: 0, seconds: (performance.now() - began) / 1000 };
  }
  await using pool = await openPool(probe.tasks);
  const result = await verifyDisk({
    pool,
    image: probe.source,
    digests: given.manifest,
    size,
    tasks: probe.tasks,
    signal: terminal.signal,
    onProgress: progressOf(terminal),
  });
  const proven = result.mismatchCount === 0 && result.verified === size;
  return { proven, ...known, imageSize: size, ...result, seconds: (performance.now() - began) / 1000 };
}
