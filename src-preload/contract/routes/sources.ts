import { z } from 'zod';
import { id, idParams, nothing, secret, time } from '../common.ts';
import { defineRoute } from '../route.ts';

const thumbprint = z
  .string()
  .max(100)
  .regex(/^([0-9A-Fa-f]{2}:)*[0-9A-Fa-f]{2}$/, 'must be hex bytes with colons between them')
  .meta({ description: 'Of the certificate that a person accepted.', examples: [Array(20).fill('AB').join(':')] });
const url = z
  .url({ protocol: /^https$/, error: 'must be an https:// address' })
  .max(500)
  .meta({ examples: ['https://vcenter.example/sdk'] });
const username = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must be one line of text')
  .meta({ examples: ['administrator@vsphere.local'] });

export const source = z
  .object({
    id,
    kind: z.literal('vsphere'),
    name: z.string(),
    url: z.string(),
    username: z.string(),
    thumbprint: z.string(),
    createdAt: time,
  })
  .meta({ id: 'Source' });
const connection = z.strictObject({ url, username, password: secret, thumbprint });

export const sourceRoutes = {
  'sources.list': defineRoute({
    method: 'GET',
    path: '/sources',
    tag: 'sources',
    summary: 'All sources.',
    access: 'viewer',
    response: z.object({ items: z.array(source) }),
    status: 200,
  }),
  'sources.create': defineRoute({
    method: 'POST',
    path: '/sources',
    tag: 'sources',
    summary: 'Logs in to a vCenter and remembers it; its password goes to the vault.',
    access: 'admin',
    body: connection,
    response: source,
    status: 201,
    creates: true,
    audit: 'source.create',
  }),
  'sources.get': defineRoute({
    method: 'GET',
    path: '/sources/:id',
    tag: 'sources',
    summary: 'One source.',
    access: 'viewer',
    params: idParams,
    response: source,
    status: 200,
  }),
  'sources.update': defineRoute({
    method: 'PATCH',
    path: '/sources/:id',
    tag: 'sources',
    summary: 'Another address, user, password or certificate of the same vCenter; it is tried before it is stored.',
    access: 'admin',
    params: idParams,
    body: connection.partial(),
    response: source,
    status: 200,
    audit: 'source.update',
  }),
  'sources.remove': defineRoute({
    method: 'DELETE',
    path: '/sources/:id',
    tag: 'sources',
    summary: 'Forgets a source, its password and its machines. Refused while a migration uses it.',
    access: 'admin',
    params: idParams,
    response: nothing,
    status: 204,
    audit: 'source.remove',
  }),
  'sources.test': defineRoute({
    method: 'POST',
    path: '/sources/:id/test',
    tag: 'sources',
    summary: 'Logs in anew and answers what is there.',
    access: 'operator',
    params: idParams,
    response: z.object({ name: z.string(), version: z.string(), tookMs: z.number() }).meta({ id: 'SourceTest' }),
    status: 200,
    audit: 'source.test',
  }),
  'sources.sync': defineRoute({
    method: 'POST',
    path: '/sources/:id/sync',
    tag: 'sources',
    summary: 'Reads the whole inventory and answers how many machines there are.',
    access: 'operator',
    params: idParams,
    response: z.object({ machines: z.int(), removed: z.int(), tookMs: z.number() }).meta({ id: 'SourceSync' }),
    status: 200,
    audit: 'source.sync',
  }),
};
