import { z } from 'zod';
import { id, name, nothing, secret, time } from '../common.ts';
import { defineRoute } from '../route.ts';

export const role = z.enum(['admin', 'operator', 'viewer']);

/** Long sentences are welcome; the upper end keeps hashing cheap to refuse. */
export const newPassword = z.string().min(12).max(1024).meta({ format: 'password', writeOnly: true });

export const session = z
  .object({
    accessToken: z.string(),
    accessExpiresAt: time,
    refreshToken: z.string().meta({ description: 'Good for one renewal, which answers the next one.' }),
    refreshExpiresAt: time,
    user: z.object({ id, name: z.string(), role, mustChangePassword: z.boolean() }),
  })
  .meta({ id: 'Session' });

export const authRoutes = {
  'auth.setup': defineRoute({
    method: 'POST',
    path: '/auth/setup',
    tag: 'auth',
    summary: 'Makes the first administrator and signs them in; works once.',
    access: 'anonymous',
    body: z.strictObject({ token: secret.optional(), name, password: newPassword }),
    response: session,
    status: 201,
    audit: 'auth.setup',
  }),
  'auth.login': defineRoute({
    method: 'POST',
    path: '/auth/login',
    tag: 'auth',
    summary: 'Signs a local or a directory user in.',
    access: 'anonymous',
    body: z.strictObject({ name, password: secret }),
    response: session,
    status: 200,
    audit: 'auth.login',
  }),
  'auth.refresh': defineRoute({
    method: 'POST',
    path: '/auth/refresh',
    tag: 'auth',
    summary: 'Answers new tokens. A refresh token that was used before ends its whole session.',
    access: 'anonymous',
    body: z.strictObject({ refreshToken: z.string().min(1).max(4096).meta({ writeOnly: true }) }),
    response: session,
    status: 200,
    audit: 'auth.refresh',
  }),
  'auth.logout': defineRoute({
    method: 'POST',
    path: '/auth/logout',
    tag: 'auth',
    summary: "Ends the session that this refresh token belongs to, or all of the caller's sessions.",
    access: 'viewer',
    body: z.strictObject({ refreshToken: z.string().min(1).max(4096).meta({ writeOnly: true }).optional() }),
    response: nothing,
    status: 204,
    audit: 'auth.logout',
  }),
  'auth.password': defineRoute({
    method: 'POST',
    path: '/auth/password',
    tag: 'auth',
    summary: "Changes the caller's own password and ends their other sessions.",
    access: 'viewer',
    body: z.strictObject({ current: secret, next: newPassword }),
    response: nothing,
    status: 204,
    audit: 'auth.password',
  }),
  'auth.rotateKey': defineRoute({
    method: 'POST',
    path: '/admin/signing-key/rotate',
    tag: 'users',
    summary: 'From now on another key signs access tokens. Nobody is signed out: what the key before signed stays good until it ends.',
    access: 'admin',
    response: nothing,
    status: 204,
    audit: 'auth.rotate-key',
  }),
  'auth.me': defineRoute({
    method: 'GET',
    path: '/auth/me',
    tag: 'auth',
    summary: 'Who the caller is.',
    access: 'viewer',
    response: z.object({ id, name: z.string(), role, mustChangePassword: z.boolean() }).meta({ id: 'Caller' }),
    status: 200,
  }),
};
