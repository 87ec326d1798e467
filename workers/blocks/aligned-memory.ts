/** Bytes: where direct I/O wants memory, offsets and lengths to begin and end. A multiple of every device's logical block (512 or 4096). */
export const ALIGNMENT = 4096;

const WASM_PAGE = 64 * 1024;
/** @types/node describes no WebAssembly. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (pages: { initial: number; maximum: number }) => { buffer: ArrayBuffer } };
};
const aligned = new WeakSet<ArrayBufferLike>();

/**
 * A buffer that begins at a memory page. Node's own buffers begin 16 bytes behind one, and direct I/O refuses them (EINVAL); the memory of
 * WebAssembly begins at a page always. Where none is to be had (a limit on address space), an ordinary buffer.
 */
export function allocateAligned(bytes: number): Buffer {
  const pages = Math.ceil(bytes / WASM_PAGE);
  try {
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
    aligned.add(buffer);
    return Buffer.from(buffer, 0, bytes);
  } catch {
    return Buffer.allocUnsafeSlow(bytes);
  }
}

/** Whether these bytes may be moved by direct I/O, to or from an offset that is a multiple of ALIGNMENT. */
export function isAligned(buffer: Buffer): boolean {
  return buffer.byteOffset % ALIGNMENT === 0 && buffer.length % ALIGNMENT === 0 && aligned.has(buffer.buffer);
}
