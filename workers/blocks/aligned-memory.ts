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

/** The window of the last task of this thread, ready for the next one. */
let idle: Buffer | undefined;

/**
 * As allocateAligned, but with the memory that the thread's last task gave back, where it is large enough. Memory of the kernel's must be
 * cleared and mapped page by page at its first touch, which was a quarter of the time of a run of 40 MiB (measured). Holds what it held.
 */
export function takeWindow(bytes: number): Buffer {
  const found = idle;
  if (found === undefined || found.length < bytes) return allocateAligned(bytes);
  idle = undefined;
  return found.subarray(0, bytes);
}

/** Only where nothing reads or writes it any more. It stays with the thread; a thread without work soon ends. */
export function keepWindow(window: Buffer): void {
  const whole = Buffer.from(window.buffer as ArrayBuffer);
  if (idle === undefined || idle.length < whole.length) idle = whole;
}
