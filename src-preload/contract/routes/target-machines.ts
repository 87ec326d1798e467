import { z } from 'zod';
import { id, idParams, nothing, time } from '../common.ts';
import { defineRoute } from '../route.ts';

export const targetMachine = z
  .object({
    machineId: id.meta({ description: "The source's lasting id of the machine." }),
    name: z.string().meta({ description: 'As it was called when it was started.' }),
    running: z
      .boolean()
      .meta({ description: 'False: it was ended by something else, as a restart of its computer; what it wrote is kept.' }),
    since: time,
    where: z.string().meta({ description: 'How to reach its console.' }),
    inUse: z
      .boolean()
      .meta({ description: 'A migration cut over to it: roll that back, or remove it, instead of stopping the machine here.' }),
    migrationId: id.optional().meta({ description: 'That migration, where the caller may see it.' }),
  })
  .meta({ id: 'TargetMachine' });

export const targetMachineRoutes = {
  'targets.machines': defineRoute({
    method: 'GET',
    path: '/targets/:id/machines',
    tag: 'targets',
    summary: 'The machines that Octopus started at the target and that were not stopped since, also of migrations that were removed.',
    access: 'viewer',
    params: idParams,
    response: z.object({ items: z.array(targetMachine) }),
    status: 200,
  }),
  'targets.stopMachine': defineRoute({
    method: 'POST',
    path: '/targets/:id/machines/:machineId/stop',
    tag: 'targets',
    summary:
      'Stops a machine that no migration answers for any more, and discards what it wrote since it was started. Its recovery points stay.',
    access: 'operator',
    params: z.strictObject({ id, machineId: id }),
    response: nothing,
    status: 204,
    audit: 'target.stop-machine',
  }),
};
