import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { journalRun } from '../../workers/blocks/journal.ts';
import { readManifest } from '../../workers/blocks/manifest.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { SinkDescriptor, SourceDescriptor, TransferCounts } from '../../workers/protocol.ts';
import { openSink } from '../../workers/sinks/open-sink.ts';
import { copyDisk } from '../replication/copy-disk.ts';
import { type Terminal, usageError } from './command.ts';
import { checkApart } from './copy/check-apart.ts';
import { checkSourceFormat } from './copy/check-source-format.ts';
import {
  descriptorOf,
  formats,
  type ImageFormat,
  inspectImage,
  type Place,
  parseBytes,
  parseConnections,
  parsePlace,
  statOrUndefined,
  VHD_FOOTER,
} from './image.ts';
import { mostTasks, openPool } from './open-pool.ts';
import { probeSource } from './probe-source.ts';
import { progressOf } from './progress.ts';

export interface CopyArguments {
  source: string | undefined;
  target: string | undefined;
  format?: string | undefined;
  manifest?: string | undefined;
  base?: string | undefined;
  /** `raw`: what the file holds is the disk, whatever it looks like. */
  sourceFormat?: string | undefined;
  resume?: boolean | undefined;
  verify?: boolean | undefined;
  connections?: string | undefined;
  limit?: string | undefined;
}

export interface CopyResult extends TransferCounts {
  source: string;
  target: string;
  format: ImageFormat;
  /** Bytes of the disk. */
  size: number;
  reconnects: number;
  seconds: number;
  manifest?: string;
  root?: string;
  /** Bytes read back and found right. */
  verified?: number;
}

export async function copyImage(given: CopyArguments, terminal: Terminal): Promise<CopyResult> {
  const began = performance.now();
  const connections = parseConnections(given.connections);
  const source = parsePlace('source', given.source, connections, 'copy');
  const target = parsePlace('target', given.target, connections, 'copy');
  if (given.format === undefined && target.kind === 'file') requireRawName(given.target as string);
  const format = parseFormat(given.format, target);
  const limit = given.limit === undefined ? undefined : parseBytes('limit', given.limit);
  if (given.resume && given.manifest === undefined) {
    throw usageError('resume', '--resume needs --manifest FILE: the journal to continue from is FILE.journal.');
  }
  await checkApart(source, target, given);
  await checkSourceFormat(source, given.sourceFormat);

  await using probe = await probeSource(descriptorOf(source), mostTasks(), terminal.signal);
  const { size } = probe;
  if (size === 0) throw new OctopusError('source.read', `The source ${given.source} is empty.`);
  if (format === 'vhd' && size % 512 !== 0) {
    throw usageError('format', `A VHD holds whole sectors of 512 bytes and the source has ${size} bytes; use --format raw.`);
  }
  const base = given.base === undefined ? undefined : await readManifest(given.base);
  if (base !== undefined && base.size !== size) {
    if (format === 'vhd') {
      throw usageError(
        'base',
        `The base is of a disk of ${base.size} bytes, the source has ${size}, and a fixed VHD keeps its size: copy without --base.`,
      );
    }
    terminal.err(`The base is of a disk of ${base.size} bytes and the source has ${size}: the TARGET gets the size of the source.`);
  }

  await using journal = await placeJournal(given);
  const runId = journal === undefined ? '' : await identify(source, target, { size, format, base: base?.root });
  const old = given.resume && journal !== undefined ? await journalRun(journal.path) : undefined;
  const there = target.kind === 'nbd' || (await statOrUndefined(target.path)) !== undefined;
  const resumes = old !== undefined && there;
  if (given.resume && !resumes && target.kind === 'file' && there) {
    throw usageError(
      'resume',
      `There is no journal ${journal?.path}, so there is nothing to resume, and ${given.target} exists: without --resume it is replaced.`,
    );
  }
  if (given.resume && !resumes) terminal.err('There is nothing to resume; the copy starts from the beginning.');
  if (resumes && old.runId !== runId)
    terminal.err('The source is not what it was: every block is compared, and those that differ are sent.');
  if (journal !== undefined && !resumes) await rm(journal.path, { force: true });

  const blank = target.kind === 'file' && base === undefined && (!resumes || old.runId === runId);
  await using sink = await prepareTarget(target, format, {
    size,
    fresh: target.kind === 'file' && base === undefined && !resumes,
    base: base?.size,
    connections: connections ?? 4,
    signal: terminal.signal,
  });
  // An NBD target may take one client only.
  const tasks = sink.sink.kind === 'nbd' ? 1 : probe.tasks;
  await using pool = await openPool(tasks);
  const draw = progressOf(terminal, limit !== undefined);
  let done = 0;
  const result = await copyDisk({
    pool,
    source: probe.source,
    sink: sink.sink,
    readBack: sink.readBack,
    size,
    targetIsBlank: blank,
    tasks,
    journal: journal === undefined ? undefined : { path: journal.path, runId, base: resumes ? undefined : base },
    manifest: given.manifest,
    verify: given.verify === true,
    limit,
    signal: terminal.signal,
    onProgress(progress) {
      if (progress.activity === 'copy') done = progress.done;
      draw(progress);
    },
  }).catch(async (error: unknown) => {
    const journaled = given.manifest === undefined ? undefined : journal?.path;
    if (!terminal.signal.aborted) {
      if (journaled === undefined || !(error instanceof OctopusError) || error.code !== 'target.full') throw error;
      throw await (await import('./copy/out-of-room.ts')).outOfRoom(error, { size, journal: journaled });
    }
    const { interrupted } = await import('./interrupted.ts');
    throw await interrupted({ done, size, journal: journaled, cause: error });
  });
  await journal?.remove();
  return {
    source: given.source as string,
    target: given.target as string,
    format,
    size,
    ...result.counts,
    reconnects: result.reconnects,
    seconds: (performance.now() - began) / 1000,
    ...(given.manifest === undefined || result.root === undefined ? {} : { manifest: given.manifest, root: result.root }),
    ...(result.verified === undefined ? {} : { verified: result.verified }),
  };
}

/** Without --format a TARGET is raw, and nobody means a raw image by these names. */
function requireRawName(target: string): void {
  const [, ending] = /\.(vhd|vhdx|qcow2?|vmdk|vdi)$/.exec(target.toLowerCase()) ?? [];
  if (ending === undefined) return;
  const advice = formats.some((known) => known === ending)
    ? `give --format ${ending}, or --format raw if that is meant.`
    : `${ending} is not written; give --format raw, vhd or qcow2.`;
  throw usageError('format', `The TARGET ${target} would be raw, and its name says otherwise: ${advice}`);
}

function parseFormat(text: string | undefined, target: Place): ImageFormat {
  const format = formats.find((known) => known === (text ?? 'raw'));
  if (format === undefined) throw usageError('format', `--format '${text}' must be one of ${formats.join(', ')}.`);
  if (target.kind === 'nbd' && format !== 'raw') {
    throw usageError('format', `--format ${format} is for files; what stands behind an NBD address has its format already.`);
  }
  return format;
}

/** Beside the manifest where there is one to be; otherwise, for --verify and --base alone, in a folder that goes with the copy. */
async function placeJournal(given: CopyArguments): Promise<({ path: string; remove(): Promise<void> } & AsyncDisposable) | undefined> {
  if (given.manifest !== undefined) {
    const path = `${resolve(given.manifest)}.journal`;
    await requireWritable(`${path}.${randomUUID()}.tmp`, given.manifest);
    // Left where it is when the copy fails: it is what --resume continues from.
    return { path, remove: () => rm(path, { force: true }), async [Symbol.asyncDispose]() {} };
  }
  if (!given.verify && given.base === undefined) return undefined;
  const { tmpdir } = await import('node:os');
  const folder = await mkdtemp(join(tmpdir(), 'octopus-copy-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  return { path: join(folder, 'journal'), remove, [Symbol.asyncDispose]: remove };
}

/** Found out before the TARGET is replaced. */
async function requireWritable(trial: string, manifest: string): Promise<void> {
  try {
    await (await open(trial, 'wx')).close();
    await rm(trial);
  } catch (caught) {
    const { code, message } = caught as NodeJS.ErrnoException;
    const known: Record<string, string> = {
      EROFS: 'it is on a read-only file system',
      EACCES: 'permission is denied',
      ENOENT: 'no file can be made in its folder',
      ENOSPC: 'no space is left there',
    };
    throw new OctopusError('target.denied', `--manifest ${manifest} cannot be written: ${known[code ?? ''] ?? message}.`, {
      cause: caught,
    });
  }
}

/** Names the run after what it copies: settled blocks count only while the source is the same. A file's time and size tell; NBD cannot. */
async function identify(source: Place, target: Place, more: Record<string, unknown>): Promise<string> {
  let seen: Record<string, string> = {};
  if (source.kind === 'file') {
    const { ino, size, mtimeNs } = await stat(source.path, { bigint: true });
    seen = { ino: `${ino}`, size: `${size}`, mtime: `${mtimeNs}` };
  }
  const place = (one: Place) => (one.kind === 'file' ? one : { endpoint: one.address.endpoint, exportName: one.address.exportName });
  const text = JSON.stringify([place(source), place(target), seen, more]);
  const { createHash } = await import('node:crypto');
  return `copy-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

interface PreparedTarget extends AsyncDisposable {
  sink: SinkDescriptor;
  readBack: SourceDescriptor;
}

async function prepareTarget(
  target: Place,
  format: ImageFormat,
  options: { size: number; fresh: boolean; base: number | undefined; connections: number; signal: AbortSignal },
): Promise<PreparedTarget> {
  const { size } = options;
  const none = async () => {};
  if (target.kind === 'nbd') {
    return { sink: { kind: 'nbd', size, ...target.address }, readBack: { kind: 'nbd', ...target.address }, [Symbol.asyncDispose]: none };
  }
  const { path } = target;
  if (!options.fresh) {
    const found = await inspectImage(path);
    // A VHD whose copy was cut short has no footer yet. A raw disk that ends like a VHD is told apart by its size.
    const whole = found.size === undefined ? undefined : found.size + (found.format === 'vhd' ? VHD_FOOTER : 0);
    const same = found.format === format || (format === 'vhd' && found.format === 'raw');
    const looksLikeVhd = format === 'raw' && found.format === 'vhd' && whole === (options.base ?? size);
    if (!same && !looksLikeVhd) {
      throw usageError('format', `The TARGET ${path} is ${found.format}, not ${format}; give --format ${found.format}.`);
    }
  }
  if (format === 'raw' || format === 'vhd') {
    if (options.fresh) {
      await rm(path, { force: true }).catch((cause: Error) => {
        throw new OctopusError('target.denied', `The target ${path} cannot be replaced: ${cause.message}.`, { cause });
      });
    }
    const sink: SinkDescriptor = format === 'vhd' ? { kind: 'vhd', path, size } : { kind: 'raw', path, size, resize: !options.fresh };
    // Made whole now: tasks that open it at the same time must not find it half made.
    if (options.fresh) {
      await using made = await openSink(sink, options.signal);
      await made.flush();
    }
    return { sink, readBack: { kind: 'file', path, direct: true }, [Symbol.asyncDispose]: none };
  }
  const { qemuImage, serveImage } = await import('./qemu-nbd.ts');
  if (options.fresh) await qemuImage(['create', '-q', '-f', 'qcow2', path, String(size)]);
  else if (options.base !== undefined && options.base !== size) {
    await qemuImage(['resize', '-q', '--shrink', '-f', 'qcow2', path, String(size)]);
  }
  const served = await serveImage(path, 'qcow2', { readOnly: false, connections: options.connections, signal: options.signal });
  return {
    sink: { kind: 'nbd', size, ...served.address },
    readBack: { kind: 'nbd', ...served.address },
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}
