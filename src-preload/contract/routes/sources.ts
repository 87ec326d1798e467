import { z } from 'zod';
import { contact, id, idParams, localPath, name, nothing, probeStep, secret, time } from '../common.ts';
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

export const imageGrouping = z.enum(['by-name', 'each-alone']).meta({
  description:
    '`by-name`: files named `web-disk1`, `web_1` or `web` are disks of one machine, `web`. `each-alone`: each file is a machine.',
});
const folder = localPath.meta({ description: 'Folder of disk images; its sub-folders, one level deep, are read as well.' });
const files = z.array(localPath).min(1).max(1000).meta({ description: 'Chosen disk images.' });

const inventory = z
  .object({ machines: z.int(), readAt: time.meta({ description: 'When its machines were last read.' }) })
  .optional()
  .meta({ description: 'Absent until machines were found there.' });
const common = { id, name: z.string(), createdAt: time, inventory, contact: contact.optional() };
export const vsphereSource = z
  .object({ ...common, kind: z.literal('vsphere'), url: z.string(), username: z.string(), thumbprint: z.string() })
  .meta({ id: 'VsphereSource' });
/** `folder` or `files`, one of them. */
export const imagesSource = z
  .object({
    ...common,
    kind: z.literal('images'),
    folder: z.string().optional(),
    files: z.array(z.string()).optional(),
    grouping: imageGrouping,
  })
  .meta({ id: 'ImagesSource' });
export const source = z.discriminatedUnion('kind', [vsphereSource, imagesSource]).meta({ id: 'Source' });

const vsphere = z.strictObject({
  kind: z.literal('vsphere').optional(),
  name: name.optional().meta({ description: 'Its host where none is given.' }),
  url,
  username,
  password: secret,
  thumbprint,
});
const images = z.strictObject({
  kind: z.literal('images'),
  name: name.optional(),
  folder: folder.optional(),
  files: files.optional(),
  grouping: imageGrouping.optional(),
});
/** Without a kind it is a vCenter. */
const connection = z.discriminatedUnion('kind', [vsphere, images]);
const changes = z.discriminatedUnion('kind', [vsphere.partial(), images.partial({ name: true })]);
const trial = z.discriminatedUnion('kind', [
  vsphere.omit({ name: true }).partial({ username: true, password: true, thumbprint: true }),
  images,
]);

export const sourceProbeSteps = [
  'address',
  'connection',
  'tls',
  'certificate',
  'service',
  'login',
  'privileges',
  'folder',
  'tools',
  'images',
] as const;
export const sourceProbe = z
  .object({
    ok: z.boolean().meta({ description: 'It can be stored. Privileges that are missing are told, but do not stand in the way.' }),
    steps: z.array(probeStep(sourceProbeSteps)),
    certificate: z
      .object({
        thumbprint: z.string().meta({ description: 'SHA-256; give it as `thumbprint` once a person has accepted it.' }),
        subject: z.string(),
        issuer: z.string(),
        validFrom: time,
        validTo: time,
        trusted: z.boolean().meta({ description: 'The system of this computer trusts it for this address.' }),
        accepted: z.boolean().meta({ description: 'It is the one whose thumbprint was given.' }),
      })
      .optional(),
    server: z.object({ name: z.string(), version: z.string() }).optional(),
    missingPrivileges: z.array(z.object({ privilege: z.string(), on: z.string() })).optional(),
    images: z
      .object({
        machines: z.int(),
        disks: z.int(),
        bytes: z.number(),
        skipped: z.array(z.object({ file: z.string(), why: z.string() })).meta({ description: 'The first 100.' }),
      })
      .optional(),
    tookMs: z.number(),
  })
  .meta({ id: 'SourceProbe' });

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
    summary: 'Logs in to a vCenter and remembers it, its password in the vault; or takes disk images of this computer as a source.',
    access: 'admin',
    body: connection,
    response: source,
    status: 201,
    creates: true,
    audit: 'source.create',
  }),
  'sources.probe': defineRoute({
    method: 'POST',
    path: '/sources/probe',
    tag: 'sources',
    summary: 'Tries a source step by step before anything is stored, and answers what each step found; a source that is wrong is no error.',
    access: 'admin',
    body: trial,
    response: sourceProbe,
    status: 200,
    audit: 'source.probe',
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
    summary:
      'Another address, user, password or certificate of the same vCenter, or other images; it is tried before it is stored. Another name is stored as it is.',
    access: 'admin',
    params: idParams,
    body: changes,
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
