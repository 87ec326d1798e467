import { open } from 'node:fs/promises';
import { usageError } from '../command.ts';
import { inspectImage, type Place } from '../image.ts';

/** How qemu-nbd calls them. */
const drivers = { qcow2: 'qcow2', vhd: 'vpc' } as const;

/** A source is read byte by byte: an image with a format of its own would become a disk that holds an image. */
export async function checkSourceFormat(source: Place, wanted: string | undefined): Promise<void> {
  if (wanted !== undefined && wanted !== 'raw') {
    throw usageError(
      'source-format',
      `--source-format is raw, not '${wanted}': other images are served by qemu-nbd and copied from there.`,
    );
  }
  if (wanted === 'raw' || source.kind === 'nbd') return;
  const { path } = source;
  const { format: found } = await inspectImage(path);
  const format = found === 'raw' && (await beginsLikeVhd(path)) ? 'vhd' : found;
  if (format === 'raw') return;
  throw usageError(
    'source',
    `The SOURCE ${path} is a ${format} image, and sources are raw. Serve it: qemu-nbd --read-only --persistent --shared=8 --format=${drivers[format]} --socket=/tmp/source.sock '${path}', then copy nbd+unix:///?socket=/tmp/source.sock; or give --source-format raw to copy the file as it is.`,
  );
}

/** A dynamic or differencing VHD begins with a copy of its footer. */
async function beginsLikeVhd(path: string): Promise<boolean> {
  await using handle = await open(path, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
  return buffer.toString('latin1', 0, bytesRead) === 'conectix';
}
