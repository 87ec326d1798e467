import type { Migration } from './migration.ts';

/** How long a machine was really off in a cutover, and which schedules that cutover ended: both were forgotten once it was over. */
export const cutoverTimes: Migration = {
  version: 13,
  name: 'cutover-times',
  sql: `
ALTER TABLE cutovers ADD COLUMN times_json TEXT NOT NULL DEFAULT '{"phases":[]}';
ALTER TABLE schedules ADD COLUMN ended_by_cutover INTEGER NOT NULL DEFAULT 0;
`,
};
