import { z } from 'zod';
import { nothing, secret } from '../common.ts';
import { defineRoute } from '../route.ts';

const step = z.object({
  step: z.enum(['settings', 'resolve', 'connect', 'tls', 'bind', 'base', 'groups', 'user']),
  ok: z.boolean(),
  message: z.string().meta({ description: 'What was found, or what is wrong and what to do.' }),
});
export const directoryReport = z
  .object({
    ok: z.boolean().meta({ description: 'All servers passed all steps.' }),
    servers: z.array(
      z.object({
        url: z.string().optional().meta({ description: 'Missing where the settings themselves are wrong.' }),
        ok: z.boolean(),
        steps: z.array(step).meta({ description: 'In order, up to the first that failed.' }),
      }),
    ),
  })
  .meta({ id: 'DirectoryReport' });

const common = { tag: 'directory', access: 'admin' } as const;

export const directoryRoutes = {
  'directory.get': defineRoute({
    ...common,
    method: 'GET',
    path: '/admin/directory',
    summary: 'Whether people of the directory may sign in, and whether the vault holds the password of its service account.',
    response: z.object({ enabled: z.boolean(), passwordStored: z.boolean() }).meta({ id: 'Directory' }),
    status: 200,
  }),
  'directory.password': defineRoute({
    ...common,
    method: 'PUT',
    path: '/admin/directory/password',
    summary: "Keeps the password of the directory's service account in the vault; no route reads it back.",
    body: z.strictObject({ password: secret }),
    response: nothing,
    status: 204,
    audit: 'directory.password',
  }),
  'directory.forgetPassword': defineRoute({
    ...common,
    method: 'DELETE',
    path: '/admin/directory/password',
    summary: "Forgets the password of the directory's service account: nobody of the directory signs in any more.",
    response: nothing,
    status: 204,
    audit: 'directory.forget-password',
  }),
  'directory.test': defineRoute({
    ...common,
    method: 'POST',
    path: '/admin/directory/test',
    summary: 'Walks the way of a sign-in with the settings as they are, also while the directory is switched off.',
    body: z
      .strictObject({
        sampleUser: z
          .string()
          .min(1)
          .max(256)
          .optional()
          .meta({ description: 'The login name of someone who should be able to sign in; no password is needed.' }),
      })
      .prefault({}),
    response: directoryReport,
    status: 200,
    audit: 'directory.test',
  }),
};
