import { z } from 'zod';
import { contact, id, idParams, localPath, name, nothing, probeStep, time } from '../common.ts';
import { defineRoute } from '../route.ts';

const folder = localPath.meta({ description: 'Absolute path on the machine that Octopus runs on.', examples: ['/srv/replicas'] });

export const target = z
  .object({
    id,
    kind: z.literal('local'),
    name: z.string(),
    folder: z.string(),
    freeBytes: z.number().optional().meta({ description: 'Absent while the folder cannot be reached.' }),
    totalBytes: z.number().optional(),
    createdAt: time,
    contact: contact.optional(),
  })
  .meta({ id: 'Target' });

export const targetProbeSteps = ['path', 'folder', 'write', 'space', 'reflink', 'direct-io'] as const;
/** Missing reflinks or direct I/O make a target slower, not unfit: such a step passes and its text says so. */
export const targetProbe = z
  .object({
    ok: z.boolean().meta({ description: 'It can be stored.' }),
    steps: z.array(probeStep(targetProbeSteps)),
    folder: z.string(),
    exists: z.boolean().meta({ description: 'False: it is made when the target is.' }),
    freeBytes: z.number().optional(),
    totalBytes: z.number().optional(),
    fileSystem: z
      .string()
      .optional()
      .meta({ examples: ['xfs'] }),
    reflink: z.boolean().optional().meta({ description: 'Recovery points share their unchanged blocks.' }),
    directIo: z.boolean().optional().meta({ description: 'Reads and writes go past the page cache.' }),
    tookMs: z.number(),
  })
  .meta({ id: 'TargetProbe' });

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
  'targets.probe': defineRoute({
    method: 'POST',
    path: '/targets/probe',
    tag: 'targets',
    summary: 'Tries a folder step by step before it becomes a target; leaves nothing behind, and a folder that is unfit is no error.',
    access: 'admin',
    body: z.strictObject({ kind: z.literal('local').default('local'), folder }),
    response: targetProbe,
    status: 200,
    audit: 'target.probe',
  }),
  'targets.suggestion': defineRoute({
    method: 'GET',
    path: '/target-suggestion',
    tag: 'targets',
    summary: 'A folder that would do for a first target; nothing is made or tried.',
    access: 'admin',
    response: z.object({ folder: folder.optional().meta({ description: 'Absent where there is no home to put it in.' }) }),
    status: 200,
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
