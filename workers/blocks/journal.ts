import { readSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { OctopusError } from '../octopus-error.ts';
import type { ExtentTable } from '../protocol.ts';
import { DIGEST_SIZE } from './digest.ts';
import { writeDurably, writeFully } from './durable-file.ts';
import { BLOCK_SIZE, blockCount, computeRoot, type Manifest, writeManifest } from './manifest.ts';

/** What is known of a block of the target. 2 to 4 are settled in the journal's current run. */
export const blockState = {
  /** The target may hold anything. */
  unknown: 0,
  /** Digest = what the target durably holds, from an earlier run. */
  held: 1,
  copied: 2,
  zero: 3,
  unchanged: 4,
  /** In this run's extents and not settled yet; digest = what the target held before. Might be torn if the run dies. */
  pending: 5,
} as const;

export type BlockState = (typeof blockState)[keyof typeof blockState];

export function isSettled(state: BlockState): boolean {
  return state >= 2 && state <= 4;
}

/*
 * Layout: a sector of 512 bytes with one line of JSON, then sectors of 15 entries (32-byte digest, then the state byte; 17 bytes unused).
 * No entry crosses a sector, so none is ever torn, and tasks write distinct entries of one file at the same time.
 * The digest stands before the state: a write cut short leaves the old state, which errs on the side of sending again.
 */
const SECTOR = 512;
const ENTRY = DIGEST_SIZE + 1;
const ENTRIES = 15;
/** Sectors read or rewritten at once. */
const PAGE_SECTORS = 256;
const PAGE_BLOCKS = PAGE_SECTORS * ENTRIES;
/** Pages kept in memory (128 KiB each), whatever the disk's size. */
const PAGES_KEPT = 32;

interface Header {
  runId: string;
  /** Bytes of the disk. */
  size: number;
}

export interface Journal {
  readonly runId: string;
  /** Bytes of the disk. */
  readonly size: number;
  readonly blocks: number;
  state(block: number): BlockState;
  /** A copy; without meaning where the state is unknown. */
  digest(block: number): Buffer;
  /** In memory until persist(). Only for blocks that sink.flush() has made durable. */
  record(block: number, state: BlockState, digest: Buffer): void;
  /** Everything recorded before the call is durable when it returns. */
  persist(): Promise<void>;
  close(): Promise<void>;
}

export interface RunStart {
  runId: string;
  /** Bytes of the disk. */
  size: number;
  /** What the run will read; undefined is everything. */
  extents?: ExtentTable | undefined;
}

/**
 * Opens a run in the journal, made when it is missing. The run that it already holds is resumed and nothing is touched; another run
 * makes settled blocks held, pending ones unknown, adjusts to a changed size and marks the held blocks in `extents` as pending.
 */
export async function beginRun(path: string, start: RunStart): Promise<'started' | 'resumed'> {
  const old = await openForReading(path);
  try {
    const oldHeader = old === undefined ? undefined : await readHeader(path, old);
    if (oldHeader?.runId === start.runId) {
      if (oldHeader.size !== start.size)
        throw invalid(path, `run ${start.runId} is for a disk of ${oldHeader.size} bytes, not ${start.size}`);
      return 'resumed';
    }
    const touched = touchedBlocks(start);
    // A block that was short before, or is short now, is another block.
    const common = Math.min(oldHeader?.size ?? 0, start.size);
    const keep = oldHeader?.size === start.size ? blockCount(common) : Math.floor(common / BLOCK_SIZE);
    await writeJournal(path, { runId: start.runId, size: start.size }, async (page, first, count) => {
      if (old === undefined || first >= keep) return;
      await readFully(path, old, page, pageOffset(first));
      for (let index = 0; index < count; index++) {
        const at = entryInPage(index);
        const state = first + index < keep ? (page[at + DIGEST_SIZE] as BlockState) : blockState.unknown;
        if (isSettled(state) || state === blockState.held)
          page[at + DIGEST_SIZE] = touched(first + index) ? blockState.pending : blockState.held;
        else page.fill(0, at, at + ENTRY);
      }
    });
    return 'started';
  } finally {
    await old?.close();
  }
}

/** Makes a journal that knows what the target holds from a manifest of it. The next beginRun takes it on. */
export async function seedJournal(path: string, manifest: Manifest): Promise<void> {
  if (manifest.algorithm !== 'blake3' || manifest.blockSize !== BLOCK_SIZE) {
    throw new OctopusError(
      'manifest.invalid',
      `Only manifests with BLAKE3 digests of ${BLOCK_SIZE}-byte blocks can be built upon, and this one has ${manifest.algorithm} and ${manifest.blockSize}.`,
    );
  }
  await writeJournal(path, { runId: '', size: manifest.size }, async (page, first, count) => {
    for (let index = 0; index < count; index++) {
      const at = entryInPage(index);
      manifest.digests.copy(page, at, (first + index) * DIGEST_SIZE, (first + index + 1) * DIGEST_SIZE);
      page[at + DIGEST_SIZE] = blockState.held;
    }
  });
}

export async function openJournal(path: string): Promise<Journal> {
  const handle = await openForReading(path, 'r+');
  if (handle === undefined) throw invalid(path, 'it does not exist');
  try {
    const header = await readHeader(path, handle);
    return makeJournal(handle, header);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether the file begins like a journal. */
export async function isJournalFile(path: string): Promise<boolean> {
  await using handle = await open(path, 'r');
  const mark = '{"octopus-journal":';
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(mark.length), 0, mark.length, 0);
  return buffer.toString('latin1', 0, bytesRead) === mark;
}

/** The run that the journal holds, or undefined where there is no journal. */
export async function journalRun(path: string): Promise<{ runId: string; size: number } | undefined> {
  const handle = await openForReading(path);
  if (handle === undefined) return undefined;
  try {
    return await readHeader(path, handle);
  } finally {
    await handle.close();
  }
}

/** Blocks whose states are best read at once: 2 MiB of the file. */
export const STATES_AT_ONCE = PAGE_BLOCKS * 16;

/** The states in a journal, read while others may be writing. */
export interface JournalStates {
  readonly runId: string;
  /** Bytes of the disk. */
  readonly size: number;
  readonly blocks: number;
  /** A BlockState a block, as they are on record now. Memory is taken for what is asked for alone. */
  read(first: number, count: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Undefined where there is no journal. */
export async function openStates(path: string): Promise<JournalStates | undefined> {
  const handle = await openForReading(path);
  if (handle === undefined) return undefined;
  try {
    const { runId, size } = await readHeader(path, handle);
    return {
      runId,
      size,
      blocks: blockCount(size),
      async read(first, count) {
        const states = new Uint8Array(count);
        if (count === 0) return states;
        const sector = Math.floor(first / ENTRIES);
        const page = Buffer.allocUnsafe((Math.floor((first + count - 1) / ENTRIES) - sector + 1) * SECTOR);
        await readFully(path, handle, page, SECTOR + sector * SECTOR);
        let entry = first % ENTRIES;
        let at = entry * ENTRY + DIGEST_SIZE;
        for (let index = 0; index < count; index++) {
          states[index] = page[at] as number;
          if (++entry < ENTRIES) at += ENTRY;
          else {
            entry = 0;
            at += SECTOR - (ENTRIES - 1) * ENTRY;
          }
        }
        return states;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Writes what the journal knows as a manifest. `manifest.invalid` while any block is unknown or pending. */
export async function journalToManifest(journalPath: string, manifestPath: string): Promise<Manifest> {
  const journal = await openJournal(journalPath);
  try {
    const digests = Buffer.allocUnsafe(journal.blocks * DIGEST_SIZE);
    for (let block = 0; block < journal.blocks; block++) {
      const state = journal.state(block);
      if (state === blockState.unknown || state === blockState.pending) {
        throw invalid(journalPath, `block ${block} of ${journal.blocks} is not settled, so that it proves nothing of the whole disk`);
      }
      journal.digest(block).copy(digests, block * DIGEST_SIZE);
    }
    const content = { algorithm: 'blake3' as const, blockSize: BLOCK_SIZE, size: journal.size, digests };
    const manifest = { ...content, root: computeRoot(content) };
    await writeManifest(manifestPath, manifest);
    return manifest;
  } finally {
    await journal.close();
  }
}

function makeJournal(handle: FileHandle, header: Header): Journal {
  const blocks = blockCount(header.size);
  // Pages are read, and entries written, synchronously: both are a few bytes of the page cache, cheaper than a trip through the thread pool.
  const descriptor = handle.fd;
  const pages = new Map<number, Buffer>();
  const dirty = new Set<number>();
  let closed = false;

  const pageOf = (block: number): Buffer => {
    if (block < 0 || block >= blocks) throw new RangeError(`block ${block} of ${blocks}`);
    const number = Math.floor(block / PAGE_BLOCKS);
    let page = pages.get(number);
    if (page === undefined) {
      page = Buffer.alloc(PAGE_SECTORS * SECTOR);
      for (let done = 0; done < page.length; ) {
        const read = readSync(descriptor, page, done, page.length - done, pageOffset(number * PAGE_BLOCKS) + done);
        if (read === 0) break;
        done += read;
      }
      evict();
      pages.set(number, page);
    }
    return page;
  };
  const evict = (): void => {
    if (pages.size < PAGES_KEPT) return;
    const changed = new Set([...dirty].map((block) => Math.floor(block / PAGE_BLOCKS)));
    for (const number of pages.keys()) {
      if (pages.size < PAGES_KEPT) return;
      if (!changed.has(number)) pages.delete(number);
    }
  };
  const at = (block: number): number => entryInPage(block % PAGE_BLOCKS);

  return {
    runId: header.runId,
    size: header.size,
    blocks,
    state: (block) => pageOf(block)[at(block) + DIGEST_SIZE] as BlockState,
    digest: (block) => Buffer.from(pageOf(block).subarray(at(block), at(block) + DIGEST_SIZE)),
    record(block, state, digest) {
      if (digest.length !== DIGEST_SIZE) throw new RangeError(`a digest has ${DIGEST_SIZE} bytes, not ${digest.length}`);
      const page = pageOf(block);
      digest.copy(page, at(block));
      page[at(block) + DIGEST_SIZE] = state;
      dirty.add(block);
    },
    async persist() {
      const sorted = [...dirty].sort((a, b) => a - b);
      const writes: { position: number; bytes: Buffer }[] = [];
      for (let start = 0; start < sorted.length; ) {
        // Neighbours within a sector go in one write; whole sectors do not, since other tasks may write to their other entries.
        const first = sorted[start] as number;
        let end = start + 1;
        while (end < sorted.length && sorted[end] === first + (end - start) && (sorted[end] as number) % ENTRIES !== 0) end++;
        const from = at(first);
        writes.push({ position: entryOffset(first), bytes: Buffer.from(pageOf(first).subarray(from, from + (end - start) * ENTRY)) });
        start = end;
      }
      dirty.clear();
      try {
        for (const { position, bytes } of writes) {
          for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
        }
        if (writes.length > 0) await handle.datasync();
      } catch (error) {
        for (const block of sorted) dirty.add(block);
        throw error;
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      await handle.close();
    },
  };
}

/** Writes a whole journal page by page; `fill` may fill each page's entries, which begin as unknown. */
async function writeJournal(
  path: string,
  header: Header,
  fill: (page: Buffer, first: number, count: number) => Promise<void>,
): Promise<void> {
  const blocks = blockCount(header.size);
  await writeDurably(path, async (handle) => {
    const line = Buffer.alloc(SECTOR, ' ');
    const text = JSON.stringify({
      'octopus-journal': 1,
      algorithm: 'blake3',
      blockSize: BLOCK_SIZE,
      size: header.size,
      runId: header.runId,
    });
    if (Buffer.byteLength(text) >= SECTOR) throw new OctopusError('argument.invalid', 'The run id is too long.', { field: 'runId' });
    line.write(text);
    line[SECTOR - 1] = 10;
    await writeFully(handle, line, 0);
    for (let first = 0; first < blocks; first += PAGE_BLOCKS) {
      const page = Buffer.alloc(PAGE_SECTORS * SECTOR);
      const count = Math.min(PAGE_BLOCKS, blocks - first);
      await fill(page, first, count);
      await writeFully(handle, page.subarray(0, Math.ceil(count / ENTRIES) * SECTOR), pageOffset(first));
    }
  });
}

/** Whether the run's extents touch a block, asked in ascending order. */
function touchedBlocks(start: RunStart): (block: number) => boolean {
  const table = start.extents;
  if (table === undefined) return () => true;
  let next = 0;
  return (block) => {
    while (next < table.length && (table[next] as number) + (table[next + 1] as number) <= block * BLOCK_SIZE) next += 2;
    return next < table.length && (table[next] as number) < (block + 1) * BLOCK_SIZE;
  };
}

async function openForReading(path: string, flags: 'r' | 'r+' = 'r'): Promise<FileHandle | undefined> {
  return open(path, flags).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new OctopusError('target.denied', `The journal ${path} cannot be opened: ${cause.message}.`, { cause });
  });
}

async function readHeader(path: string, handle: FileHandle): Promise<Header> {
  const sector = Buffer.alloc(SECTOR);
  await readFully(path, handle, sector, 0);
  let header: (Header & Record<string, unknown>) | undefined;
  try {
    header = JSON.parse(sector.toString('utf8')) as Header & Record<string, unknown>;
  } catch {
    throw invalid(path, 'it is not an Octopus journal');
  }
  const { size, runId } = header;
  const right = header['octopus-journal'] === 1 && header.algorithm === 'blake3' && header.blockSize === BLOCK_SIZE;
  if (!right || !Number.isSafeInteger(size) || size < 0 || typeof runId !== 'string') throw invalid(path, 'it is not an Octopus journal');
  const expected = SECTOR + Math.ceil(blockCount(size) / ENTRIES) * SECTOR;
  const { size: actual } = await handle.stat();
  if (actual !== expected) throw invalid(path, `it should have ${expected} bytes and has ${actual}`);
  return { size, runId };
}

/** Reads until the buffer is full or the file ends. */
async function readFully(path: string, handle: FileHandle, buffer: Buffer, position: number): Promise<void> {
  for (let done = 0; done < buffer.length; ) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) {
      if (done === 0) throw invalid(path, 'it ends too early');
      return;
    }
    done += bytesRead;
  }
}

function entryInPage(index: number): number {
  return Math.floor(index / ENTRIES) * SECTOR + (index % ENTRIES) * ENTRY;
}

function entryOffset(block: number): number {
  return SECTOR + entryInPage(block);
}

/** `first` is a multiple of PAGE_BLOCKS. */
function pageOffset(first: number): number {
  return entryOffset(first);
}

function invalid(path: string, why: string): OctopusError {
  return new OctopusError('manifest.invalid', `The journal ${path} cannot be used: ${why}.`);
}
