import { sql } from 'kysely';

/**
 * The newest kept point of a migration that was found to differ, unless a later one is proven whole: an incremental that read back only what
 * it wrote says nothing about the blocks that it took over. `job`: the column that holds the migration's id.
 */
const wrongPoint = (
  job: string,
) => `FROM recovery_points AS bad WHERE bad.job_id = ${job} AND bad.removed_at IS NULL AND bad.mismatch IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM recovery_points AS later WHERE later.job_id = bad.job_id AND later.removed_at IS NULL
    AND later.taken_at > bad.taken_at AND later.mismatch IS NULL AND (later.verified = 'all' OR later.reread_at IS NOT NULL))`;

export const damagedPoint = (job: string) => sql.raw(`(SELECT bad.rowid ${wrongPoint(job)} ORDER BY bad.taken_at DESC LIMIT 1)`);
export const isDamaged = (job: string) => `EXISTS (SELECT 1 ${wrongPoint(job)})`;
