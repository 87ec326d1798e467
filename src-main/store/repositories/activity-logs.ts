import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

export interface Activity {
  at: string;
  /** e.g. `run.succeeded`, `cutover.rolled-back`. */
  action: string;
  /** Id of the job. */
  subject: string;
  /** A sentence for people; never a secret. */
  message: string;
}

export interface ActivityRepository {
  add(activity: Activity): Promise<void>;
  /** Newest first. */
  of(subject: string, limit: number): Promise<Activity[]>;
}

export function createActivityRepository(database: Kysely<Schema>): ActivityRepository {
  return {
    async add(activity) {
      await database.insertInto('activity_logs').values(activity).execute();
    },
    async of(subject, limit) {
      const rows = await database
        .selectFrom('activity_logs')
        .select(['at', 'action', 'subject', 'message'])
        .where('subject', '=', subject)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows;
    },
  };
}
