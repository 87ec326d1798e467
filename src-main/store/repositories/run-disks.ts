import type { Kysely } from 'kysely';
import { changeId } from '../../domain/machine.ts';
import type { DiskMode, RunCounts, RunDisk } from '../../domain/run.ts';
import type { Schema } from '../schema.ts';

export interface RunDiskRepository {
  /** What a run is to do with its disks, replacing what was planned before; all or nothing. */
  plan(runId: string, disks: RunDisk[]): Promise<void>;
  /** Stores everything of the disk as it is now. */
  save(disk: RunDisk): Promise<void>;
  /** By key. */
  ofRun(runId: string): Promise<RunDisk[]>;
}

export function createRunDiskRepository(database: Kysely<Schema>): RunDiskRepository {
  return {
    async plan(runId, disks) {
      await database.transaction().execute(async (transaction) => {
        await transaction.deleteFrom('run_disks').where('run_id', '=', runId).execute();
        if (disks.length > 0) await transaction.insertInto('run_disks').values(disks.map(toRow)).execute();
      });
    },
    async save(disk) {
      const { run_id, disk_key, ...rest } = toRow(disk);
      await database.updateTable('run_disks').set(rest).where('run_id', '=', run_id).where('disk_key', '=', disk_key).execute();
    },
    async ofRun(runId) {
      const rows = await database.selectFrom('run_disks').selectAll().where('run_id', '=', runId).orderBy('disk_key').execute();
      return rows.map(fromRow);
    },
  };
}

function toRow(disk: RunDisk): Schema['run_disks'] {
  const { extents } = disk;
  return {
    run_id: disk.runId,
    disk_key: disk.key,
    object_id: disk.objectId,
    datastore: disk.datastore,
    capacity: disk.capacity,
    change_id: disk.changeId ?? null,
    mode: disk.mode,
    doubt: disk.doubt ?? null,
    extents: extents === undefined ? null : Buffer.from(extents.buffer, extents.byteOffset, extents.byteLength),
    blank: disk.blank ? 1 : 0,
    journal: disk.journal ?? null,
    manifest_root: disk.manifestRoot ?? null,
    algorithm: disk.algorithm ?? null,
    counts_json: JSON.stringify(disk.counts),
  };
}

function fromRow(row: Schema['run_disks']): RunDisk {
  return {
    runId: row.run_id,
    key: row.disk_key,
    objectId: row.object_id,
    datastore: row.datastore,
    capacity: row.capacity,
    changeId: row.change_id === null ? undefined : changeId(row.change_id),
    mode: row.mode as DiskMode,
    doubt: row.doubt ?? undefined,
    // Copied: a view needs an offset that is a multiple of 8.
    extents: row.extents === null ? undefined : new Float64Array(new Uint8Array(row.extents).buffer),
    blank: row.blank === 1,
    journal: row.journal ?? undefined,
    manifestRoot: row.manifest_root ?? undefined,
    algorithm: row.algorithm ?? undefined,
    counts: JSON.parse(row.counts_json) as RunCounts,
  };
}
