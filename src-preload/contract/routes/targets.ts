import { z } from 'zod';
import { id, idParams, name, nothing, time } from '../common.ts';
import { defineRoute } from '../route.ts';

const folder = z
  .string()
  .min(1)
  .max(1000)
  .regex(/^(\/|[A-Za-z]:[\\/])[^\p{Cc}\p{Cs}]*$/u, 'must be an absolute path')
  .meta({ description: 'Absolute path on the machine that Octopus runs on.', examples: ['/srv/replicas'] });

export const target = z
  .object({ id, kind: z.literal('local'), name: z.string(), folder: z.string(), createdAt: time })
  .meta({ id: 'Target' });

export const targetRoutes = {
  'targets.list': defineRoute({
    method: 'GET',
    path: '/targets',
    tag: 'targets',
    summary: 'All targets.',
    access: 'viewer',
    response: z.object({ items: z.array(target) }),
    status: 200,
  }),
  'targets.create': defineRoute({
    method: 'POST',
    path: '/targets',
    tag: 'targets',
    summary: 'Takes a folder as a target for disk images.',
    access: 'admin',
    body: z.strictObject({ kind: z.literal('local').default('local'), folder, name: name.optional() }),
    response: target,
    status: 201,
    creates: true,
    audit: 'target.create',
  }),
  'targets.get': defineRoute({
    method: 'GET',
    path: '/targets/:id',
    tag: 'targets',
    summary: 'One target.',
    access: 'viewer',
    params: idParams,
    response: target,
    status: 200,
  }),
  'targets.update': defineRoute({
    method: 'PATCH',
    path: '/targets/:id',
    tag: 'targets',
    summary: 'Gives a target another name.',
    access: 'admin',
    params: idParams,
    body: z.strictObject({ name }),
    response: target,
    status: 200,
    audit: 'target.update',
  }),
  'targets.remove': defineRoute({
    method: 'DELETE',
    path: '/targets/:id',
    tag: 'targets',
    summary: 'Forgets a target; what is in it stays. Refused while a migration uses it.',
    access: 'admin',
    params: idParams,
    response: nothing,
    status: 204,
    audit: 'target.remove',
  }),
};
