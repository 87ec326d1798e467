import { z } from 'zod';
import { id, pageOf, paging, searchText, time } from '../common.ts';
import { defineRoute } from '../route.ts';

const json = z.unknown().optional();

export const activity = z
  .object({
    id: z.int(),
    at: time,
    actor: z.string(),
    address: z.string(),
    action: z.string(),
    subjectKind: z.string(),
    subjectId: z.string(),
    outcome: z.string().meta({ description: '`done`, or the code of the error.' }),
    message: z.string(),
    before: json,
    after: json,
  })
  .meta({ id: 'Activity', description: 'Secrets are masked before they are written.' });

const filter = {
  actor: searchText.optional(),
  action: searchText.optional(),
  subject: id.optional(),
  outcome: searchText.optional(),
  from: time.optional(),
  to: time.optional(),
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
    summary: 'The filtered log as text.',
    query: z.strictObject({ ...filter, format: z.enum(['csv', 'json']).default('json') }),
    response: z.object({ format: z.enum(['csv', 'json']), text: z.string() }),
    status: 200,
  }),
  'activity.verify': defineRoute({
    ...common,
    path: '/admin/logs/verify',
    summary: 'Checks the hash chain over the whole log.',
    response: z.object({ whole: z.boolean(), entries: z.int(), brokenAt: z.int().optional(), reason: z.string().optional() }),
    status: 200,
  }),
};
