import type { machineRoutes } from '../../../src-preload/contract/routes/machines.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { ListedMachine, MachineSortKey } from '../../store/repositories/vms.ts';
import { pageOf, readCursor } from '../cursor.ts';
import type { HandlersOf } from '../handler.ts';
import { notFound } from '../ownership.ts';

export const machineHandlers: HandlersOf<typeof machineRoutes> = {
  'vms.list': async ({ query }, { services }) => {
    const { limit, cursor, sort, sourceId, ...filter } = query;
    const after = readCursor(cursor, ['string', 'either', 'string']);
    if (after && after[0] !== sort) {
      throw new OctopusError('argument.invalid', 'The cursor belongs to another sort.', { field: 'cursor' });
    }
    const found = await services.store.machines.page({
      ...filter,
      sourceEnvironmentId: sourceId,
      sort: sort.replace('-', '') as MachineSortKey,
      descending: sort.startsWith('-'),
      limit: limit + 1,
      after: after && { key: after[1], id: after[2] },
    });
    const { items, next } = pageOf(found, limit, (last) => [sort, last.key, last.id]);
    return { items: items.map(summary), next };
  },
  'vms.get': async ({ params }, { services }) => {
    const machine = await services.store.machines.look(params.id);
    if (!machine) throw notFound('machine', params.id);
    const { instanceUuid, firmware, secureBoot, tools, hardwareVersion, changeTracking, template, tags, snapshotCount, disks, adapters } =
      machine.inventory;
    return {
      ...summary(machine),
      ...{ instanceUuid, firmware, secureBoot, tools, hardwareVersion, changeTracking, template, tags, snapshotCount, disks, adapters },
    };
  },
};

function summary({ id, sourceEnvironmentId, seenAt, protection, inventory }: ListedMachine) {
  const { ref, name, folder, cluster, host, powerState, guestName, cpus, memory, disks } = inventory;
  return {
    ...{ id, sourceId: sourceEnvironmentId, ref, name, folder, cluster, host, powerState, guestName, cpus, memory, protection, seenAt },
    capacity: disks.reduce((sum, disk) => sum + disk.capacity, 0),
    diskCount: disks.length,
  };
}
