import type { targetMachineRoutes } from '../../../src-preload/contract/routes/target-machines.ts';
import type { HandlersOf } from '../handler.ts';
import { notFound, visibleMigrations } from '../ownership.ts';
import type { Services } from '../services.ts';

export const targetMachineHandlers: HandlersOf<typeof targetMachineRoutes> = {
  'targets.machines': async ({ params }, { services, caller, signal }) => {
    await requireTarget(services, params.id);
    const machines = await services.targetMachines.list(params.id, signal);
    const visible = await visibleMigrations(services.store, caller);
    return {
      items: machines.map(({ machineId, name, running, since, where, jobId }) => ({
        ...{ machineId, name, running, since, where, inUse: jobId !== undefined },
        migrationId: jobId !== undefined && (visible === undefined || visible.has(jobId)) ? jobId : undefined,
      })),
    };
  },
  'targets.stopMachine': async ({ params }, { services, signal, note }) => {
    await requireTarget(services, params.id);
    note({ subjectKind: 'target', subjectId: params.id });
    const name = await services.targetMachines.stop(params.id, params.machineId, signal);
    note({ message: `${name} was stopped` });
    await services.publish({ type: 'target.changed', data: { targetId: params.id, change: 'updated' } });
    return undefined;
  },
};

async function requireTarget({ store }: Services, id: string): Promise<void> {
  if (!(await store.targets.find(id))) throw notFound('target', id);
}
