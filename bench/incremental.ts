import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { coalesceTable, splitForTasks } from '../workers/blocks/extents.ts';
import { beginRun } from '../workers/blocks/journal.ts';
import { createTransferPool } from '../workers/piscina-pool.ts';
import type { ExtentTable } from '../workers/protocol.ts';
import { openSink } from '../workers/sinks/open-sink.ts';
import { DISK_SIZE, MiB, makeHalfFull, serve } from './disks.ts';
import { measure, median } from './measure.ts';
import type { Row } from './report.ts';

/** 1 % of the disk, scattered: whole blocks, and for comparison pieces as small as vSphere reports them. Bytes. */
const PIECES = { blocks: MiB, small: 64 * 1024 };

/** A full run and incremental ones of a replica with a journal, in a process that is running already, as the application is. */
export async function incrementalRuns(folder: string, rounds: number, say: (line: string) => void): Promise<Row[]> {
  const disk = join(folder, 'disk.raw');
  const target = join(folder, 'target.raw');
  const journal = join(folder, 'journal');
  await makeHalfFull(disk);
  await using served = await serve(disk);
  await using pool = createTransferPool({ threads: availableParallelism() });
  const seconds: Record<'full' | keyof typeof PIECES, number[]> = { full: [], blocks: [], small: [] };
  let number = 0;

  const run = async (extents: ExtentTable | undefined): Promise<number> => {
    const began = performance.now();
    await beginRun(journal, { runId: `run ${number++}`, size: DISK_SIZE, extents });
    const parts = splitForTasks(extents, DISK_SIZE, pool.tasksPerDisk);
    const tasks = parts.map(
      (part, index) =>
        pool.run({
          kind: 'transfer',
          id: `${index}`,
          source: { kind: 'nbd', endpoint: { socketPath: served.socket }, exportName: '', connections: 1 },
          sink: { kind: 'raw', path: target, size: DISK_SIZE },
          size: DISK_SIZE,
          extents: part,
          journal,
          targetIsBlank: extents === undefined,
        }).result,
    );
    await Promise.all(tasks);
    return (performance.now() - began) / 1000;
  };

  for (let round = 0; round <= rounds; round++) {
    await Promise.all([target, journal].map((path) => rm(path, { force: true })));
    // As a target makes its replica: before the tasks that share it.
    await (await openSink({ kind: 'raw', path: target, size: DISK_SIZE })).finish();
    const full = await run(undefined);
    if (round > 0) seconds.full.push(full);
    for (const kind of ['blocks', 'small'] as const) {
      const took = await run(await change(disk, PIECES[kind]));
      if (round > 0) seconds[kind].push(took);
    }
    if (round === 0 || round === rounds) await measure('cmp', [disk, target]);
    if (round > 0) say(`incremental: round ${round} of ${rounds}`);
  }
  await Promise.all([disk, target, journal].map((path) => rm(path, { force: true })));
  return [
    { disk: 'half data', what: 'full run', seconds: median(seconds.full) },
    { disk: 'half data', what: '1 % of the blocks changed', seconds: median(seconds.blocks) },
    { disk: 'half data', what: '1 % changed in pieces of 64 KiB', seconds: median(seconds.small) },
  ];
}

/** Writes new bytes to 1 % of the disk, in pieces spread over the half that is data. */
async function change(disk: string, piece: number): Promise<ExtentTable> {
  const handle = await open(disk, 'r+');
  const count = Math.floor(DISK_SIZE / 100 / piece);
  const pairs: number[] = [];
  const bytes = randomBytes(piece);
  for (let i = 0; i < count; i++) {
    const inData = Math.floor(Math.random() * (DISK_SIZE / 2 / piece)) * piece;
    const offset = Math.floor(inData / (64 * MiB)) * 128 * MiB + (inData % (64 * MiB));
    bytes.writeUInt32LE(i);
    await handle.write(bytes, 0, piece, offset);
    pairs.push(offset, piece);
  }
  await handle.close();
  return coalesceTable(Float64Array.from(pairs));
}
