import { z } from 'zod';
import { id, time } from '../common.ts';
import { defineRoute } from '../route.ts';

const moved = { read: z.number(), sent: z.number(), zero: z.number(), unchanged: z.number() };

/** In the order of their urgency. */
export const attentionKinds = [
  'cutover-failed',
  'mismatch',
  'source-failed',
  'target-failed',
  'run-failed',
  'behind',
  'task-dead',
  'schedules-paused',
  'unscheduled',
] as const;

export const overview = z
  .object({
    counts: z.object({
      migrations: z.int(),
      protected: z
        .int()
        .meta({ description: 'Active, with a recovery point as new as its schedule wants it, no failed last run, and no damage found.' }),
      withoutPoint: z.int().meta({ description: 'Without a recovery point yet, and neither failed, behind nor paused.' }),
      behind: z.int().meta({ description: 'Its newest recovery point is older than its schedule allows, or it has none yet.' }),
      failed: z.int().meta({
        description:
          'Its last run or cutover failed, or could not begin; or a recovery point was found damaged and no later one is proven whole.',
      }),
      running: z.int(),
      paused: z.int(),
      cutOver: z.int(),
      machines: z.int(),
      unprotected: z.int().meta({ description: 'Machines without a migration of anybody.' }),
    }),
    moved: z
      .object({
        ...moved,
        runs: z.int(),
        days: z
          .array(z.object({ day: z.iso.date(), runs: z.int(), failed: z.int(), ...moved }))
          .meta({ description: 'Oldest first, UTC, none left out.' }),
      })
      .meta({ description: 'Bytes of the last 30 days. Saved is what was read and not sent: zero and unchanged.' }),
    nextCutovers: z.array(z.object({ migrationId: id, machineName: z.string(), scheduleId: id, at: time })).max(10),
    nextRuns: z.array(z.object({ migrationId: id, machineName: z.string(), scheduleId: id, at: time })).max(10),
    attention: z
      .array(
        z.object({
          kind: z.enum(attentionKinds),
          migrationId: id.optional(),
          taskId: id.optional(),
          sourceId: id.optional(),
          targetId: id.optional(),
          scheduleIds: z
            .array(id)
            .optional()
            .meta({ description: 'Of `unscheduled`: its schedules that are off; switched on, they run it.' }),
          machineName: z.string().optional(),
          environmentName: z.string().optional().meta({ description: 'Of the source or target.' }),
          text: z.string(),
          since: time,
        }),
      )
      .max(100)
      .meta({ description: 'The most urgent first.' }),
  })
  .meta({ id: 'Overview' });

export const overviewRoutes = {
  'overview.get': defineRoute({
    method: 'GET',
    path: '/overview',
    tag: 'overview',
    summary: 'How everything is that the caller may see.',
    access: 'viewer',
    response: overview,
    status: 200,
  }),
};

export type Overview = z.input<typeof overview>;
