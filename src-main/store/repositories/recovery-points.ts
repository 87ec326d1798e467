import { type Kysely, type Selectable, sql } from 'kysely';
import { changeId } from '../../domain/machine.ts';
import type { KeptPoint, RecoveryPoint, RunKind } from '../../domain/recovery-point.ts';
import type { Schema } from '../schema.ts';

export interface RecoveryPointRepository {
  /**
   * Stores a point that the target holds durably, and with it the change ids of the next baseline. All or nothing;
   * a point that is stored already is left as it is.
   */
  add(jobId: string, point: RecoveryPoint, committedAt: string): Promise<void>;
  /** The baseline of the next run: the newest point, removed or not, since the working replica goes on from it. */
  newest(jobId: string): Promise<KeptPoint | undefined>;
  /** The newest one that the target still holds, without its disks. */
  newestHeld(jobId: string): Promise<Omit<KeptPoint, 'disks'> | undefined>;
  /** The same of each of these jobs that has one. */
  newestHeldOf(jobIds: readonly string[]): Promise<Map<string, Omit<KeptPoint, 'disks'>>>;
  /** Those that the target still holds, newest first. */
  ofJob(jobId: string): Promise<KeptPoint[]>;
  /** Every block was read again at the target. */
  setReread(id: string, at: string, mismatch: string | undefined): Promise<void>;
  markRemoved(ids: string[], at: string): Promise<void>;
}

export function createRecoveryPointRepository(database: Kysely<Schema>): RecoveryPointRepository {
  const all = (jobId: string) =>
    database
      .selectFrom('recovery_points')
      .selectAll()
      .where('job_id', '=', jobId)
      .orderBy('committed_at', 'desc')
      // Two points within a millisecond: rows are numbered in the order in which they came.
      .orderBy((build) => build.ref('rowid' as 'id'), 'desc');
  const withDisks = async (row: Selectable<Schema['recovery_points']>): Promise<KeptPoint> => {
    const disks = await database
      .selectFrom('recovery_point_disks')
      .selectAll()
      .where('recovery_point_id', '=', row.id)
      .orderBy('disk_key')
      .execute();
    return {
      ...plain(row),
      disks: disks.map((disk) => ({
        key: disk.disk_key,
        objectId: disk.object_id,
        capacity: disk.capacity,
        changeId: disk.change_id === null ? undefined : changeId(disk.change_id),
        manifestRoot: disk.manifest_root,
        algorithm: disk.algorithm,
        manifest: disk.manifest,
        image: disk.image,
      })),
    };
  };
  return {
    async add(jobId, point, committedAt) {
      await database.transaction().execute(async (transaction) => {
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('recovery_points')
          .values({
            id: point.id,
            job_id: jobId,
            run_id: point.runId,
            kind: point.kind,
            doubts_json: JSON.stringify(point.doubts),
            taken_at: point.takenAt,
            verified: point.verified,
            committed_at: committedAt,
          })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirstOrThrow();
        if (numInsertedOrUpdatedRows === 0n) return;
        const disks = point.disks.map((disk) => ({
          recovery_point_id: point.id,
          disk_key: disk.key,
          object_id: disk.objectId,
          capacity: disk.capacity,
          change_id: disk.changeId ?? null,
          manifest_root: disk.manifestRoot,
          algorithm: disk.algorithm,
          manifest: disk.manifest,
          image: disk.image,
        }));
        await transaction.insertInto('recovery_point_disks').values(disks).execute();
      });
    },
    async newest(jobId) {
      const row = await all(jobId).executeTakeFirst();
      return row && (await withDisks(row));
    },
    async newestHeld(jobId) {
      const row = await all(jobId).where('removed_at', 'is', null).limit(1).executeTakeFirst();
      return row && plain(row);
    },
    async newestHeldOf(jobIds) {
      const { rows } = await sql<Selectable<Schema['recovery_points']>>`
        SELECT point.* FROM json_each(${JSON.stringify(jobIds)}) AS job JOIN recovery_points AS point ON point.rowid =
          (SELECT rowid FROM recovery_points WHERE job_id = job.value AND removed_at IS NULL
            ORDER BY committed_at DESC, rowid DESC LIMIT 1)`.execute(database);
      return new Map(rows.map((row) => [row.job_id, plain(row)]));
    },
    async ofJob(jobId) {
      const rows = await all(jobId).where('removed_at', 'is', null).execute();
      return Promise.all(rows.map(withDisks));
    },
    async setReread(id, at, mismatch) {
      await database
        .updateTable('recovery_points')
        .set({ reread_at: at, mismatch: mismatch ?? null })
        .where('id', '=', id)
        .execute();
    },
    async markRemoved(ids, at) {
      if (ids.length === 0) return;
      await database.updateTable('recovery_points').set({ removed_at: at }).where('id', 'in', ids).execute();
    },
  };
}

function plain(row: Selectable<Schema['recovery_points']>): Omit<KeptPoint, 'disks'> {
  return {
    id: row.id,
    runId: row.run_id,
    kind: row.kind as RunKind,
    doubts: JSON.parse(row.doubts_json) as string[],
    takenAt: row.taken_at,
    verified: row.verified as 'all' | 'written',
    committedAt: row.committed_at,
    rereadAt: row.reread_at ?? undefined,
    mismatch: row.mismatch ?? undefined,
  };
}
