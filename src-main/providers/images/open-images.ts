import type { SourceDescriptor } from '../../../workers/protocol.ts';
import type { ImageDescription } from './describe-image.ts';
import type { ImageFile } from './find-images.ts';
import type { ImagePrograms } from './image-programs.ts';
import { type ServedImage, serveImage } from './serve-image.ts';

/** Parallel NBD connections of one task. */
const CONNECTIONS = 4;

/** What is being read now. A raw image is read as it is; others by a qemu-nbd that all tasks of the disk share. */
export class OpenImages implements AsyncDisposable {
  readonly #programs: ImagePrograms;
  readonly #served = new Map<string, { users: number; server: Promise<ServedImage> }>();

  constructor(programs: ImagePrograms) {
    this.#programs = programs;
  }

  async open(
    id: string,
    image: ImageFile,
    { capacity, files }: ImageDescription,
    signal?: AbortSignal,
  ): Promise<{ source: SourceDescriptor; close(): Promise<void> }> {
    const path = files[0] ?? image.path;
    if (image.format === 'raw') return { source: { kind: 'file', path, direct: true }, close: async () => {} };
    signal?.throwIfAborted();
    let entry = this.#served.get(id);
    if (entry === undefined) {
      // Not with the signal of the first task: the others' may go on when that one is cancelled.
      entry = { users: 0, server: serveImage({ path, format: image.format, capacity }, this.#programs) };
      this.#served.set(id, entry);
      entry.server.catch(() => this.#served.delete(id));
    }
    const mine = entry;
    mine.users++;
    let open = true;
    const close = async () => {
      if (!open) return;
      open = false;
      if (--mine.users > 0) return;
      if (this.#served.get(id) === mine) this.#served.delete(id);
      await (await mine.server.catch(() => undefined))?.close();
    };
    try {
      const { socketPath } = await mine.server;
      return { source: { kind: 'nbd', endpoint: { socketPath }, exportName: '', connections: CONNECTIONS }, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#served.values()];
    this.#served.clear();
    await Promise.allSettled(all.map(async ({ server }) => (await server).close()));
  }
}
