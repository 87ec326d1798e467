import type { RouteDefinition, RouteInput, RouteOutput, RouteParsed } from './route.ts';
import { activityRoutes } from './routes/activity.ts';
import { authRoutes } from './routes/auth.ts';
import { directoryRoutes } from './routes/directory.ts';
import { estimateRoutes } from './routes/estimates.ts';
import { healthRoutes } from './routes/health.ts';
import { labRoutes } from './routes/lab.ts';
import { machineRoutes } from './routes/machines.ts';
import { migrationInsightRoutes } from './routes/migration-insight.ts';
import { migrationRoutes } from './routes/migrations.ts';
import { overviewRoutes } from './routes/overview.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { settingRoutes } from './routes/settings.ts';
import { sourceRoutes } from './routes/sources.ts';
import { targetMachineRoutes } from './routes/target-machines.ts';
import { targetRoutes } from './routes/targets.ts';
import { userRoutes } from './routes/users.ts';

export const basePath = '/api/v1';

/** Everything Octopus can do. */
export const routes = {
  ...healthRoutes,
  ...authRoutes,
  ...sourceRoutes,
  ...targetRoutes,
  ...targetMachineRoutes,
  ...machineRoutes,
  ...migrationRoutes,
  ...migrationInsightRoutes,
  ...estimateRoutes,
  ...overviewRoutes,
  ...scheduleRoutes,
  ...settingRoutes,
  ...directoryRoutes,
  ...activityRoutes,
  ...userRoutes,
  ...labRoutes,
} as const satisfies Record<string, RouteDefinition>;

export type Routes = typeof routes;
export type RouteId = keyof Routes;
export const routeIds = Object.keys(routes) as RouteId[];

/** The definition with its optional parts, for code that treats all routes alike. */
export function routeOf(id: RouteId): RouteDefinition {
  return routes[id];
}

/** What a caller gives, what a handler gets, what is answered. */
export type Input<Id extends RouteId> = RouteInput<Routes[Id]>;
export type Parsed<Id extends RouteId> = RouteParsed<Routes[Id]>;
export type Output<Id extends RouteId> = RouteOutput<Routes[Id]>;
