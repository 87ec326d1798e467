import type { targetRoutes } from '../../../src-preload/contract/routes/targets.ts';
import type { TargetEnvironment } from '../../store/repositories/target-environments.ts';
import { failedIf, type HandlersOf } from '../handler.ts';
import { notFound } from '../ownership.ts';
import type { Services } from '../services.ts';

export const targetHandlers: HandlersOf<typeof targetRoutes> = {
  'targets.list': async (_input, { services }) => ({
    items: await Promise.all((await services.store.targets.list()).map((target) => shape(services, target))),
  }),
  'targets.create': async ({ body }, { services, note }) => {
    const known = new Set((await services.store.targets.list()).map(({ id }) => id));
    const target = await services.environments.addLocalTarget(body.folder, body.name);
    note({ subjectId: target.id });
    const change = known.has(target.id) ? 'updated' : 'created';
    await services.publish({ type: 'target.changed', data: { targetId: target.id, change } });
    return shape(services, target);
  },
  'targets.probe': async ({ body }, { services, note }) => {
    const probe = await services.environments.probeTarget(body.folder);
    note({ message: `${probe.ok ? 'Fit' : 'Unfit'}: ${probe.folder}`, after: undefined, ...failedIf(probe) });
    return probe;
  },
  'targets.suggestion': async (_input, { services }) => ({ folder: await services.environments.suggestTarget() }),
  'targets.get': async ({ params }, { services }) => shape(services, await find(services, params.id)),
  'targets.update': async ({ params, body }, { services, note }) => {
    note({ before: await shape(services, await find(services, params.id)) });
    const target = await services.environments.renameTarget(params.id, body.name);
    await services.publish({ type: 'target.changed', data: { targetId: target.id, change: 'updated' } });
    return shape(services, target);
  },
  'targets.remove': async ({ params }, { services, note }) => {
    note({ before: await shape(services, await find(services, params.id)) });
    await services.environments.removeTarget(params.id);
    await services.publish({ type: 'target.changed', data: { targetId: params.id, change: 'removed' } });
    return undefined;
  },
};

async function find({ store }: Services, id: string): Promise<TargetEnvironment> {
  const target = await store.targets.find(id);
  if (!target) throw notFound('target', id);
  return target;
}

async function shape({ environments, store }: Services, target: TargetEnvironment) {
  const { id, kind, name, location, createdAt } = target;
  const space = await environments.targetSpace(target);
  return { id, kind, name, folder: location, createdAt, ...space, contact: await store.contacts.find(id) };
}
