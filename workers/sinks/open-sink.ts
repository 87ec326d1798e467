import type { BlockSink } from '../blocks/block-sink.ts';
import type { SinkDescriptor } from '../protocol.ts';
import { openNbdSink } from './nbd-sink.ts';
import { openRawFileSink } from './raw-file-sink.ts';
import { openVhdSink } from './vhd-sink.ts';

/** Opens what the descriptor names. The caller ends it with finish() or abort(). */
export function openSink(descriptor: SinkDescriptor, signal?: AbortSignal): Promise<BlockSink> {
  switch (descriptor.kind) {
    case 'raw':
      return openRawFileSink(descriptor, signal);
    case 'vhd':
      return openVhdSink(descriptor, signal);
    case 'nbd':
      return openNbdSink(descriptor, signal);
  }
}
