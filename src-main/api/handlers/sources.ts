import type { sourceRoutes } from '../../../src-preload/contract/routes/sources.ts';
import type { SourceEnvironment } from '../../store/repositories/source-environments.ts';
import type { HandlersOf } from '../handler.ts';
import { notFound } from '../ownership.ts';
import type { Services } from '../services.ts';

export const sourceHandlers: HandlersOf<typeof sourceRoutes> = {
  'sources.list': async (_input, { services }) => ({ items: (await services.store.sources.list()).map(shape) }),
  'sources.create': async ({ body }, { services, signal, note }) => {
    const source = await services.environments.addSource(body, signal);
    note({ subjectId: source.id });
    await services.publish({ type: 'source.changed', data: { sourceId: source.id, change: 'created' } });
    return shape(source);
  },
  'sources.get': async ({ params }, { services }) => shape(await find(services, params.id)),
  'sources.update': async ({ params, body }, { services, signal, note }) => {
    note({ before: shape(await find(services, params.id)) });
    const source = await services.environments.updateSource(params.id, body, signal);
    await services.publish({ type: 'source.changed', data: { sourceId: source.id, change: 'updated' } });
    return shape(source);
  },
  'sources.remove': async ({ params }, { services, note }) => {
    note({ before: shape(await find(services, params.id)) });
    await services.environments.removeSource(params.id);
    await services.publish({ type: 'source.changed', data: { sourceId: params.id, change: 'removed' } });
    return undefined;
  },
  'sources.test': async ({ params }, { services, signal }) => {
    await find(services, params.id);
    return services.environments.testSource(params.id, signal);
  },
  'sources.sync': async ({ params }, { services, signal }) => {
    await find(services, params.id);
    const synced = await services.environments.syncSource(params.id, signal);
    await services.publish({ type: 'source.changed', data: { sourceId: params.id, change: 'synced' } });
    return synced;
  },
};

async function find({ store }: Services, id: string): Promise<SourceEnvironment> {
  const source = await store.sources.find(id);
  if (!source) throw notFound('source', id);
  return source;
}

function shape({ id, kind, name, url, username, thumbprint, createdAt }: SourceEnvironment) {
  return { id, kind, name, url, username, thumbprint, createdAt };
}
