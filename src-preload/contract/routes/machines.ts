import { z } from 'zod';
import { id, idParams, pageOf, paging, searchText, time } from '../common.ts';
import { defineRoute } from '../route.ts';

export const powerState = z.enum(['on', 'off', 'suspended']);
/** `protected`: a recovery point exists; `pending`: a migration, but no point yet. */
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
  })
  .meta({ id: 'Machine' });

export const machineRoutes = {
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
      sort: machineSort.default('name'),
      ...paging,
    }),
    response: pageOf(machineSummary),
    status: 200,
  }),
  'vms.get': defineRoute({
    method: 'GET',
    path: '/vms/:id',
    tag: 'machines',
    summary: 'One machine with its disks.',
    access: 'viewer',
    params: idParams,
    response: machine,
    status: 200,
  }),
};
