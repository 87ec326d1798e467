import type { Handlers } from './handler.ts';
import { activityHandlers } from './handlers/activity.ts';
import { authHandlers } from './handlers/auth.ts';
import { directoryHandlers } from './handlers/directory.ts';
import { healthHandlers } from './handlers/health.ts';
import { labHandlers } from './handlers/lab.ts';
import { machineHandlers } from './handlers/machines.ts';
import { migrationInsightHandlers } from './handlers/migration-insight.ts';
import { migrationHandlers } from './handlers/migrations.ts';
import { scheduleHandlers } from './handlers/schedules.ts';
import { settingHandlers } from './handlers/settings.ts';
import { sourceHandlers } from './handlers/sources.ts';
import { targetMachineHandlers } from './handlers/target-machines.ts';
import { targetHandlers } from './handlers/targets.ts';
import { taskHandlers } from './handlers/tasks.ts';
import { userHandlers } from './handlers/users.ts';

export type { AuditNote, HandlerContext } from './handler.ts';

/** One for each route of the contract: without it this does not compile. */
export const handlers: Handlers = {
  ...healthHandlers,
  ...authHandlers,
  ...sourceHandlers,
  ...targetHandlers,
  ...targetMachineHandlers,
  ...machineHandlers,
  ...migrationHandlers,
  ...migrationInsightHandlers,
  ...scheduleHandlers,
  ...taskHandlers,
  ...settingHandlers,
  ...directoryHandlers,
  ...activityHandlers,
  ...userHandlers,
  ...labHandlers,
};
