import { randomBytes } from 'node:crypto';
import type { BlockSink } from '../blocks/block-sink.ts';
import { OctopusError } from '../octopus-error.ts';
import type { SinkDescriptor } from '../protocol.ts';
import { FileSink } from './file-sink.ts';
import { ImageFile } from './image-file.ts';
import { decodeVhdIdentity, encodeVhdFooter, VHD_FOOTER_BYTES, type VhdIdentity } from './vhd-footer.ts';

/** The format's limit; what is larger no reader opens. */
const MAX_SIZE = 2040 * 1024 ** 3;

export async function openVhdSink(
  descriptor: Extract<SinkDescriptor, { kind: 'vhd' }>,
  signal?: AbortSignal,
  createIdentity: () => VhdIdentity = () => ({ uuid: randomBytes(16), createdAt: Date.now() }),
): Promise<BlockSink> {
  const { path, size } = descriptor;
  if (size % 512 !== 0)
    throw new OctopusError('argument.invalid', `A VHD holds whole sectors of 512 bytes; the disk has ${size} bytes.`, { field: 'size' });
  if (size > MAX_SIZE)
    throw new OctopusError('argument.invalid', `A VHD holds at most 2040 GiB; write the disk of ${size} bytes as raw.`, { field: 'size' });
  const file = await ImageFile.open(path, signal);
  try {
    const length = await file.length();
    let identity: VhdIdentity | undefined;
    if (file.created) await file.resize(size);
    else if (length === size + VHD_FOOTER_BYTES) {
      // Finished before: it stays the same disk to whoever knows its id.
      const footer = Buffer.alloc(VHD_FOOTER_BYTES);
      await file.read(size, footer);
      identity = decodeVhdIdentity(footer);
      if (identity === undefined)
        throw new OctopusError('argument.invalid', `${path} exists and is not a fixed VHD of ${size} bytes.`, { field: 'target' });
    } else if (length !== size) {
      throw new OctopusError(
        'argument.invalid',
        `${path} has ${length} bytes, but a fixed VHD of this disk has ${size + VHD_FOOTER_BYTES}.`,
        {
          field: 'target',
          details: { seen: length, expected: size + VHD_FOOTER_BYTES },
        },
      );
    }
    return new FileSink(file, size, async () => encodeVhdFooter(size, identity ?? createIdentity()));
  } catch (error) {
    await file.close();
    throw error;
  }
}
