import { z } from 'zod';
import { id, pageOf, paging, searchText, time } from '../common.ts';
import { defineRoute } from '../route.ts';

const json = z.unknown().optional();

const outcome = z.enum(['succeeded', 'failed', 'refused']);

export const activity = z
  .object({
    id: z.int(),
    at: time,
    actor: z
      .object({ userId: z.string(), name: z.string() })
      .optional()
      .meta({ description: 'Absent: Octopus itself, or nobody that is known.' }),
    address: z.string().optional(),
    action: z.string(),
    subjectKind: z.string().optional(),
    subjectId: z.string().optional(),
    message: z.string().optional(),
    before: json,
    after: json,
    outcome,
    errorCode: z.string().optional(),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'Activity', description: 'Secrets are masked before it is written.' });

const filter = {
  actor: searchText.optional().meta({ description: 'Id or name of a user.' }),
  action: searchText.optional().meta({ description: 'Exactly, or all of an area: `run.*`.' }),
  subjectKind: searchText.optional(),
  subjectId: id.optional(),
  outcome: outcome.optional(),
  from: time.optional(),
  to: time.optional(),
  text: searchText.optional(),
};
const common = { method: 'GET', tag: 'activity', access: 'admin' } as const;

export const activityRoutes = {
  'activity.list': defineRoute({
    ...common,
    path: '/admin/logs',
    summary: 'Who did what, from where, to what; newest first.',
    query: z.strictObject({ ...filter, ...paging }),
    response: pageOf(activity),
    status: 200,
  }),
  'activity.export': defineRoute({
    ...common,
    path: '/admin/logs/export',
    summary: 'The filtered log as text, oldest first; at most 10,000 entries (octopus audit export has no limit).',
    query: z.strictObject({ ...filter, format: z.enum(['csv', 'json']).default('json') }),
    response: z.object({ format: z.enum(['csv', 'json']), text: z.string(), complete: z.boolean() }),
    status: 200,
  }),
  'activity.verify': defineRoute({
    ...common,
    path: '/admin/logs/verify',
    summary: 'Checks the hash chain over the whole log.',
    response: z.object({
      whole: z.boolean(),
      entries: z.int().meta({ description: 'That hold, from the first on.' }),
      head: z.string().meta({ description: 'Hash of the last one that holds.' }),
      broken: z.object({ id: z.int(), fault: z.string(), message: z.string() }).optional(),
    }),
    status: 200,
  }),
};
