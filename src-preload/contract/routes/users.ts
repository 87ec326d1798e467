import { z } from 'zod';
import { id, idParams, name, nothing, time } from '../common.ts';
import { defineRoute } from '../route.ts';
import { newPassword, role } from './auth.ts';

export const user = z
  .object({
    id,
    name: z.string(),
    role,
    source: z.enum(['local', 'directory']),
    disabled: z.boolean(),
    lockedUntil: time.optional(),
    mustChangePassword: z.boolean(),
    createdAt: time,
    lastSignInAt: time.optional(),
  })
  .meta({ id: 'User' });

const common = { tag: 'users', access: 'admin' } as const;

export const userRoutes = {
  'users.list': defineRoute({
    ...common,
    method: 'GET',
    path: '/admin/users',
    summary: 'All users: local ones, and those of the directory who have signed in.',
    response: z.object({ items: z.array(user) }),
    status: 200,
  }),
  'users.choices': defineRoute({
    method: 'GET',
    path: '/users/choices',
    tag: 'users',
    summary: 'Whom a migration can be given to: everyone who may sign in, by name and id only.',
    access: 'operator',
    response: z.object({ items: z.array(z.object({ id, name: z.string() }).meta({ id: 'UserChoice' })) }),
    status: 200,
  }),
  'users.create': defineRoute({
    ...common,
    method: 'POST',
    path: '/admin/users',
    summary: 'Makes a local user with a first password, which they change when they sign in.',
    body: z.strictObject({ name, role, password: newPassword }),
    response: user,
    status: 201,
    creates: true,
    audit: 'user.create',
  }),
  'users.get': defineRoute({
    ...common,
    method: 'GET',
    path: '/admin/users/:id',
    summary: 'One user.',
    params: idParams,
    response: user,
    status: 200,
  }),
  'users.update': defineRoute({
    ...common,
    method: 'PATCH',
    path: '/admin/users/:id',
    summary: 'Another role, disabled or not, a new password. The last administrator stays one.',
    params: idParams,
    body: z.strictObject({ role: role.optional(), disabled: z.boolean().optional(), password: newPassword.optional() }),
    response: user,
    status: 200,
    audit: 'user.update',
  }),
  'users.signOut': defineRoute({
    ...common,
    method: 'POST',
    path: '/admin/users/:id/sign-out',
    summary: 'Ends all sessions of a user.',
    params: idParams,
    response: nothing,
    status: 204,
    audit: 'user.sign-out',
  }),
};
