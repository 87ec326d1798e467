import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';
import { isDamaged } from './damage.ts';

/** How many machines of one source are in one folder and one cluster ('' for none). */
export interface MachineCount {
  sourceEnvironmentId: string;
  folder: string;
  cluster: string;
  machines: number;
  /** Those with a recovery point that is not damaged, or cut over. */
  protected: number;
}

/** Out of the index vms_tree alone: what is protected is looked up once, not for each machine. */
export async function countMachines(database: Kysely<Schema>): Promise<MachineCount[]> {
  const { rows } = await sql<{ source: string; folder: string; cluster: string; machines: number; protected: number }>`
    WITH held AS MATERIALIZED (
      SELECT DISTINCT vm_id FROM migration_jobs
      WHERE state = 'cut-over'
        OR (EXISTS (SELECT 1 FROM recovery_points p WHERE p.removed_at IS NULL AND p.job_id = migration_jobs.id)
          AND NOT ${sql.raw(isDamaged('migration_jobs.id'))})
    )
    SELECT v.source_environment_id AS source, v.folder, v.cluster, count(*) AS machines, count(h.vm_id) AS protected
    FROM vms v LEFT JOIN held h ON h.vm_id = v.id
    GROUP BY v.source_environment_id, v.folder, v.cluster`.execute(database);
  return rows.map(({ source, ...row }) => ({ sourceEnvironmentId: source, ...row }));
}
