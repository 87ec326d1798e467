import type { BlockSink } from '../blocks/block-sink.ts';
import type { SinkDescriptor } from '../protocol.ts';

/** Opens what the descriptor names. The caller ends it with finish() or abort(). Each kind is loaded when it is first used. */
export async function openSink(descriptor: SinkDescriptor, signal?: AbortSignal): Promise<BlockSink> {
  switch (descriptor.kind) {
    case 'raw':
      return (await import('./raw-file-sink.ts')).openRawFileSink(descriptor, signal);
    case 'vhd':
      return (await import('./vhd-sink.ts')).openVhdSink(descriptor, signal);
    case 'nbd':
      return (await import('./nbd-sink.ts')).openNbdSink(descriptor, signal);
  }
}
