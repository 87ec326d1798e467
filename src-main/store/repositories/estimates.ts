import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/** A run that ended proven, with what it cost. Bytes, milliseconds. */
export interface MeasuredRun {
  machineId: string;
  kind: string;
  read: number;
  sent: number;
  zero: number;
  unchanged: number;
  /** Of its disks, together. */
  capacity: number;
  /** From its first transfer phase to the last one's end. */
  transferMs: number;
  endedAt: string;
}

export interface EstimateRepository {
  /** The newest runs that succeeded, of these machines or of all. */
  measured(query: { machineIds?: readonly string[]; kinds?: readonly string[]; limit: number }): Promise<MeasuredRun[]>;
  /** Keeps the last estimate of a machine for a kind of target. */
  put(estimate: { id: string; machineId: string; targetKind: string; result: object; createdAt: string }): Promise<void>;
  of(machineId: string, targetKind: string): Promise<{ result: unknown; createdAt: string } | undefined>;
}

export function createEstimateRepository(database: Kysely<Schema>): EstimateRepository {
  return {
    async measured({ machineIds, kinds, limit }) {
      let runs = database
        .selectFrom('sync_history as run')
        .innerJoin('migration_jobs as job', 'job.id', 'run.job_id')
        .select(['run.kind', 'run.counts_json', 'run.ended_at', 'job.vm_id'])
        .select(sql<number>`(SELECT coalesce(sum(capacity), 0) FROM run_disks WHERE run_id = run.id)`.as('capacity'))
        .select(
          sql<number>`(SELECT coalesce(sum((julianday(ended_at) - julianday(started_at)) * 86400000), 0)
            FROM run_phases WHERE run_id = run.id AND phase = 'transfer' AND ended_at IS NOT NULL)`.as('transfer_ms'),
        )
        .where('run.state', '=', 'succeeded')
        .orderBy('run.ended_at', 'desc')
        .limit(limit);
      if (machineIds) runs = runs.where(sql<boolean>`job.vm_id IN (SELECT value FROM json_each(${JSON.stringify(machineIds)}))`);
      if (kinds) runs = runs.where('run.kind', 'in', [...kinds]);
      return (await runs.execute()).map((row) => {
        const { read = 0, sent = 0, zero = 0, unchanged = 0 } = JSON.parse(row.counts_json) as Partial<Record<string, number>>;
        const measured = { machineId: row.vm_id, kind: row.kind, read, sent, zero, unchanged, endedAt: row.ended_at ?? '' };
        return { ...measured, capacity: row.capacity, transferMs: row.transfer_ms };
      });
    },
    async put({ id, machineId, targetKind, result, createdAt }) {
      const changes = { result_json: JSON.stringify(result), created_at: createdAt };
      await database
        .insertInto('size_estimations')
        .values({ id, vm_id: machineId, target_kind: targetKind, ...changes })
        .onConflict((conflict) => conflict.columns(['vm_id', 'target_kind']).doUpdateSet(changes))
        .execute();
    },
    async of(machineId, targetKind) {
      const row = await database
        .selectFrom('size_estimations')
        .selectAll()
        .where('vm_id', '=', machineId)
        .where('target_kind', '=', targetKind)
        .executeTakeFirst();
      return row && { result: JSON.parse(row.result_json) as unknown, createdAt: row.created_at };
    },
  };
}
