import type { targetRoutes } from '../../../src-preload/contract/routes/targets.ts';
import type { TargetEnvironment } from '../../store/repositories/target-environments.ts';
import type { HandlersOf } from '../handler.ts';
import { notFound } from '../ownership.ts';
import type { Services } from '../services.ts';

export const targetHandlers: HandlersOf<typeof targetRoutes> = {
  'targets.list': async (_input, { services }) => ({ items: (await services.store.targets.list()).map(shape) }),
  'targets.create': async ({ body }, { services, note }) => {
    const target = await services.environments.addLocalTarget(body.folder, body.name);
    note({ subjectId: target.id });
    await services.publish({ type: 'target.changed', data: { targetId: target.id, change: 'created' } });
    return shape(target);
  },
  'targets.get': async ({ params }, { services }) => shape(await find(services, params.id)),
  'targets.update': async ({ params, body }, { services, note }) => {
    note({ before: shape(await find(services, params.id)) });
    const target = await services.environments.renameTarget(params.id, body.name);
    await services.publish({ type: 'target.changed', data: { targetId: target.id, change: 'updated' } });
    return shape(target);
  },
  'targets.remove': async ({ params }, { services, note }) => {
    note({ before: shape(await find(services, params.id)) });
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

function shape({ id, kind, name, location, createdAt }: TargetEnvironment) {
  return { id, kind, name, folder: location, createdAt };
}
