import { z } from 'zod';
import { time } from '../common.ts';
import { defineRoute } from '../route.ts';

const value = z.union([z.number(), z.boolean(), z.string().max(4000)]);
const settingName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9._-]+$/)
  .meta({ examples: ['retention.defaultKeep'] });
const params = z.strictObject({ name: settingName });

export const setting = z
  .object({
    name: z.string(),
    type: z.string(),
    value,
    default: value,
    source: z.enum(['default', 'stored', 'environment']),
    variable: z.string().meta({ description: 'The environment variable that overrides it; then it cannot be changed here.' }),
    writable: z.boolean(),
    description: z.string(),
    range: z.string().meta({ description: 'What is allowed, in words.' }),
    unit: z.string().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    choices: z.array(z.string()).readonly().optional(),
    effect: z.enum(['at-once', 'restart']),
    restartPending: z.boolean(),
    updatedAt: time.optional(),
    problem: z.string().optional().meta({ description: 'Why the stored value is not used.' }),
  })
  .meta({ id: 'Setting' });

const common = { tag: 'settings', access: 'admin' } as const;

export const settingRoutes = {
  'settings.list': defineRoute({
    ...common,
    method: 'GET',
    path: '/admin/env',
    summary: 'All settings with their defaults.',
    response: z.object({ items: z.array(setting) }),
    status: 200,
  }),
  'settings.get': defineRoute({
    ...common,
    method: 'GET',
    path: '/admin/env/:name',
    summary: 'One setting.',
    params,
    response: setting,
    status: 200,
  }),
  'settings.set': defineRoute({
    ...common,
    method: 'PUT',
    path: '/admin/env/:name',
    summary: 'Changes a setting; the answer says whether a restart is needed.',
    params,
    body: z.strictObject({ value }),
    response: setting,
    status: 200,
    audit: 'setting.set',
  }),
  'settings.reset': defineRoute({
    ...common,
    method: 'DELETE',
    path: '/admin/env/:name',
    summary: 'Back to its default.',
    params,
    response: setting,
    status: 200,
    audit: 'setting.reset',
  }),
};
