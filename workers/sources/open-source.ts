import type { BlockSource } from '../blocks/block-source.ts';
import type { SourceDescriptor } from '../protocol.ts';
import { openDatastoreSource } from './datastore-source.ts';
import { openNbdSource } from './nbd-source.ts';
import { openRawFileSource } from './raw-file-source.ts';

/** Opens what the descriptor names. The caller closes it. */
export function openSource(descriptor: SourceDescriptor, signal?: AbortSignal): Promise<BlockSource> {
  switch (descriptor.kind) {
    case 'file':
      return openRawFileSource(descriptor.path, signal);
    case 'nbd':
      return openNbdSource(descriptor, signal);
    case 'datastore':
      return openDatastoreSource(descriptor, signal);
  }
}
