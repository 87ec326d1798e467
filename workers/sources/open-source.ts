import type { BlockSource } from '../blocks/block-source.ts';
import type { SourceDescriptor } from '../protocol.ts';

/** Opens what the descriptor names. The caller closes it. Each kind is loaded when it is first used: HTTPS and TLS take their time. */
export async function openSource(descriptor: SourceDescriptor, signal?: AbortSignal): Promise<BlockSource> {
  switch (descriptor.kind) {
    case 'file':
      return (await import('./raw-file-source.ts')).openRawFileSource(descriptor.path, descriptor.direct === true, signal);
    case 'nbd':
      return (await import('./nbd-source.ts')).openNbdSource(descriptor, signal);
    case 'datastore':
      return (await import('./datastore-source.ts')).openDatastoreSource(descriptor, signal);
  }
}
