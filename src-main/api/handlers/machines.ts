import type { machineRoutes } from '../../../src-preload/contract/routes/machines.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import { snapshotPrefix } from '../../domain/snapshot-prefix.ts';
import type { Caller } from '../../domain/user.ts';
import type { ListedMachine, MachineSortKey } from '../../store/repositories/vms.ts';
import { pageOf, readCursor, refuseBoth } from '../cursor.ts';
import type { HandlersOf } from '../handler.ts';
import { machineTree } from '../machine-tree.ts';
import { notFound } from '../ownership.ts';
import type { Services } from '../services.ts';

export const machineHandlers: HandlersOf<typeof machineRoutes> = {
  'vms.tree': async (_input, { services: { store } }) => machineTree(await store.sources.list(), await store.machines.counts()),
  'vms.list': async ({ query }, { services }) => {
    const { limit, cursor, position, sort, sourceId, ...filter } = query;
    refuseBoth(cursor, position);
    const after = readCursor(cursor, ['string', 'either', 'string']);
    if (after && after[0] !== sort) {
      throw new OctopusError('argument.invalid', 'The cursor belongs to another sort.', { field: 'cursor' });
    }
    const wanted = { ...filter, sourceEnvironmentId: sourceId };
    const found = await services.store.machines.page({
      ...wanted,
      sort: sort.replace('-', '') as MachineSortKey,
      descending: sort.startsWith('-'),
      limit: limit + 1,
      after: after && { key: after[1], id: after[2] },
      position,
    });
    const { items, next } = pageOf(found, limit, (last) => [sort, last.key, last.id]);
    return { items: items.map(summary), next, total: await services.store.machines.count(wanted) };
  },
  'vms.get': async ({ params }, { services, caller }) => {
    const machine = await services.store.machines.look(params.id);
    if (!machine) throw notFound('machine', params.id);
    const { inventory } = machine;
    const { instanceUuid, firmware, secureBoot, tools, hardwareVersion, changeTracking, template, tags, snapshotCount, disks, adapters } =
      inventory;
    return {
      ...summary(machine),
      ...{ instanceUuid, firmware, secureBoot, tools, hardwareVersion, changeTracking, template, tags, snapshotCount, disks, adapters },
      snapshots: (inventory.snapshots ?? []).map(({ name, takenAt }) => ({ name, takenAt, ours: name.startsWith(snapshotPrefix) })),
      tracking: tracking(inventory),
      migrations: await migrationsOf(services, caller, machine.id),
    };
  },
};

function tracking({ changeTracking, untrackable, hardwareVersion }: MachineInventory) {
  if (untrackable !== undefined)
    return { state: 'unsupported' as const, text: `${untrackable} Every run after the first compares all blocks.` };
  if (changeTracking) return { state: 'on' as const, text: 'Changed blocks are tracked: a run reads only what changed.' };
  if (hardwareVersion < 7) {
    const text = `Hardware version ${hardwareVersion} cannot track changed blocks: every run after the first compares all blocks.`;
    return { state: 'unsupported' as const, text };
  }
  return { state: 'off' as const, text: 'Changed blocks are not tracked yet; the first run switches it on.' };
}

async function migrationsOf({ store }: Services, caller: Caller, machineId: string) {
  const visibleTo = caller.role === 'admin' ? undefined : caller.userId;
  const jobs = await store.jobs.page({ machineId, visibleTo, limit: 100 });
  return Promise.all(
    jobs.map(async ({ id, targetEnvironmentId, state }) => {
      const points = await store.recoveryPoints.ofJob(id);
      const target = await store.targets.find(targetEnvironmentId);
      const told = { id, targetId: targetEnvironmentId, targetName: target?.name ?? '', state };
      return { ...told, recoveryPoints: points.length, newestPointAt: points[0]?.takenAt };
    }),
  );
}

function summary({ id, sourceEnvironmentId, seenAt, protection, inventory }: ListedMachine) {
  const { ref, name, folder, cluster, host, powerState, guestName, cpus, memory, disks } = inventory;
  return {
    ...{ id, sourceId: sourceEnvironmentId, ref, name, folder, cluster, host, powerState, guestName, cpus, memory, protection, seenAt },
    capacity: disks.reduce((sum, disk) => sum + disk.capacity, 0),
    diskCount: disks.length,
  };
}
