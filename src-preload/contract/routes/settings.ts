import { z } from 'zod';
import { time } from '../common.ts';
import { defineRoute } from '../route.ts';

const value = z.union([z.string().max(4000), z.number(), z.boolean()]);
const settingName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9._-]+$/);
const params = z.strictObject({ name: settingName });

export const setting = z
  .object({
    name: z.string(),
    value,
    default: value,
    type: z.string(),
    description: z.string(),
    restart: z.boolean().meta({ description: 'Takes effect only after a restart.' }),
    updatedAt: time.optional(),
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
