import type { BlockSink } from '../blocks/block-sink.ts';
import { OctopusError } from '../octopus-error.ts';
import type { SinkDescriptor } from '../protocol.ts';
import { FileSink } from './file-sink.ts';
import { ImageFile } from './image-file.ts';

/** A raw image: created sparse when it is missing, resized only where `resize` asks for it. */
export async function openRawFileSink(descriptor: Extract<SinkDescriptor, { kind: 'raw' }>, signal?: AbortSignal): Promise<BlockSink> {
  const file = await ImageFile.open(descriptor.path, signal);
  try {
    const length = await file.length();
    if (length !== descriptor.size) {
      if (!file.created && !descriptor.resize) {
        throw new OctopusError('argument.invalid', `${descriptor.path} has ${length} bytes, but the disk has ${descriptor.size}.`, {
          field: 'target',
          details: { seen: length, expected: descriptor.size },
        });
      }
      await file.resize(descriptor.size);
    }
    return new FileSink(file, descriptor.size);
  } catch (error) {
    await file.close();
    throw error;
  }
}
