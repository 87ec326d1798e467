import { z } from 'zod';
import { cursor, id, idParams, position, searchText, time } from '../common.ts';
import { defineRoute } from '../route.ts';

export const powerState = z.enum(['on', 'off', 'suspended']);
/** `protected`: a recovery point exists, and none was found damaged since; `pending`: a migration, but no such point. */
export const protection = z.enum(['none', 'pending', 'protected', 'cut-over']);
export const machineSort = z.enum([
  'name',
  '-name',
  'folder',
  '-folder',
  'cluster',
  '-cluster',
  'memory',
  '-memory',
  'capacity',
  '-capacity',
]);

const summary = {
  id,
  sourceId: id,
  ref: z.string(),
  name: z.string(),
  folder: z.string(),
  cluster: z.string().optional(),
  host: z.string(),
  powerState,
  guestName: z.string(),
  cpus: z.int(),
  memory: z.number().meta({ description: 'Bytes.' }),
  capacity: z.number().meta({ description: 'Bytes of all its disks.' }),
  diskCount: z.int(),
  protection,
  seenAt: time,
};
export const machineSummary = z.object(summary).meta({ id: 'MachineSummary' });
export const machine = z
  .object({
    ...summary,
    instanceUuid: z.string(),
    firmware: z.enum(['bios', 'efi']),
    secureBoot: z.boolean(),
    tools: z.string(),
    hardwareVersion: z.number(),
    changeTracking: z.boolean(),
    template: z.boolean(),
    tags: z.array(z.string()),
    snapshotCount: z.int(),
    snapshots: z
      .array(z.object({ name: z.string(), takenAt: time.optional(), ours: z.boolean().meta({ description: 'Octopus made it.' }) }))
      .meta({ description: 'As last seen; may be fewer than snapshotCount where the source was last read by an older version.' }),
    tracking: z
      .object({ state: z.enum(['on', 'off', 'unsupported']), text: z.string() })
      .meta({ description: 'Whether changed blocks can be asked for, in a sentence.' }),
    disks: z.array(
      z.object({
        key: z.number(),
        label: z.string(),
        capacity: z.number().meta({ description: 'Bytes.' }),
        datastore: z.string(),
        thin: z.boolean(),
        excluded: z.string().optional().meta({ description: 'Why it is left out.' }),
      }),
    ),
    adapters: z.array(z.object({ key: z.number(), label: z.string(), mac: z.string(), network: z.string() })),
    migrations: z
      .array(
        z.object({
          id,
          targetId: id,
          targetName: z.string(),
          state: z.string(),
          recoveryPoints: z.int(),
          newestPointAt: time.optional(),
        }),
      )
      .meta({ description: 'Those that the caller may see.' }),
  })
  .meta({ id: 'Machine' });

const counts = {
  machines: z.int(),
  protected: z.int().meta({ description: 'Of these: a recovery point exists, or they are cut over.' }),
};
export const machineTree = z
  .object({
    ...counts,
    sources: z.array(
      z.object({
        sourceId: id,
        kind: z.enum(['vsphere', 'images']),
        name: z.string(),
        ...counts,
        folders: z
          .array(
            z.object({
              path: z.string().meta({ description: 'What `folder` of vms.list takes.' }),
              parent: z.string().optional().meta({ description: 'Path of the folder it is in; absent at the top.' }),
              name: z.string(),
              ...counts,
            }),
          )
          .meta({ description: 'By path, with those that only hold folders. Each counts what is in its folders too.' }),
        clusters: z.array(z.object({ name: z.string(), ...counts })),
      }),
    ),
  })
  .meta({ id: 'MachineTree' });

export const machineRoutes = {
  'vms.tree': defineRoute({
    method: 'GET',
    path: '/vms/tree',
    tag: 'machines',
    summary: 'Folders and clusters of all sources with the number of their machines and of those that are protected.',
    access: 'viewer',
    response: machineTree,
    status: 200,
  }),
  'vms.list': defineRoute({
    method: 'GET',
    path: '/vms',
    tag: 'machines',
    summary: 'Machines of all sources as last seen: filtered, sorted, by pages.',
    access: 'viewer',
    query: z.strictObject({
      text: searchText.optional().meta({ description: 'Part of the name, any case.' }),
      sourceId: id.optional(),
      folder: searchText.optional().meta({ description: 'This folder and those in it.' }),
      cluster: searchText.optional(),
      powerState: powerState.optional(),
      protection: protection.optional(),
      ids: z
        .string()
        .max(20_000)
        .regex(/^[A-Za-z0-9._:-]{1,100}(,[A-Za-z0-9._:-]{1,100}){0,199}$/, 'must be up to 200 ids with commas between them')
        .transform((list) => list.split(','))
        .optional()
        .meta({ description: 'Only these: up to 200 ids with commas between them.' }),
      sort: machineSort.default('name'),
      limit: z.coerce.number().int().min(1).max(1000).default(50).meta({ description: 'Most items on a page.' }),
      cursor: cursor.optional(),
      position,
    }),
    response: z.object({
      items: z.array(machineSummary),
      /** Absent on the last page. */
      next: z.string().optional(),
      total: z.int().meta({ description: 'How many machines the filter lets through, on all pages.' }),
    }),
    status: 200,
  }),
  'vms.get': defineRoute({
    method: 'GET',
    path: '/vms/:id',
    tag: 'machines',
    summary: 'One machine with its disks, adapters and snapshots, its change tracking and its migrations.',
    access: 'viewer',
    params: idParams,
    response: machine,
    status: 200,
  }),
};
