import type { sourceRoutes } from '../../../src-preload/contract/routes/sources.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { SourceEnvironment } from '../../store/repositories/source-environments.ts';
import { failedIf, type HandlersOf } from '../handler.ts';
import { notFound } from '../ownership.ts';
import type { Services } from '../services.ts';

export const sourceHandlers: HandlersOf<typeof sourceRoutes> = {
  'sources.list': async (_input, { services }) => {
    const told = await heardOf(services);
    return { items: (await services.store.sources.list()).map((source) => ({ ...shape(source), ...told(source.id) })) };
  },
  'sources.create': async ({ body }, { services, signal, note }) => {
    const { environments } = services;
    const source = body.kind === 'images' ? await environments.addImages(body, signal) : await environments.addSource(body, signal);
    note({ subjectId: source.id });
    await services.publish({ type: 'source.changed', data: { sourceId: source.id, change: 'created' } });
    return shape(source);
  },
  'sources.probe': async ({ body }, { services, signal, note }) => {
    const probe = await services.environments.probeSource(body, signal);
    // What was found is the caller's; the log holds what was tried and whether it went well.
    const what = body.kind === 'images' ? (body.folder ?? 'disk images') : new URL(body.url).host;
    note({ message: `${what}: ${probe.ok ? 'everything is well' : 'not everything is well'}`, after: undefined, ...failedIf(probe) });
    return probe;
  },
  'sources.get': async ({ params }, { services }) => {
    const source = await find(services, params.id);
    return { ...shape(source), ...(await heardOf(services))(source.id) };
  },
  'sources.update': async ({ params, body }, { services, signal, note }) => {
    const before = await find(services, params.id);
    note({ before: shape(before) });
    if ((body.kind ?? 'vsphere') !== before.kind) {
      const what = before.kind === 'images' ? 'disk images: say so with the kind images' : 'a vCenter and does not become anything else';
      throw new OctopusError('argument.invalid', `This source is ${what}.`, { field: 'kind' });
    }
    const { environments } = services;
    const source =
      body.kind === 'images'
        ? await environments.updateImages(params.id, body, signal)
        : await environments.updateSource(params.id, body, signal);
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
    return services.environments.syncSource(params.id, signal);
  },
};

async function find({ store }: Services, id: string): Promise<SourceEnvironment> {
  const source = await store.sources.find(id);
  if (!source) throw notFound('source', id);
  return source;
}

/** By source: which machines it had, and whether it answered when it was last asked. */
async function heardOf({ store }: Services) {
  const seen = new Map((await store.machines.seen()).map((one) => [one.sourceEnvironmentId, one]));
  const contacts = await store.contacts.all();
  return (id: string) => {
    const machines = seen.get(id);
    return { inventory: machines && { machines: machines.machines, readAt: machines.seenAt }, contact: contacts.get(id) };
  };
}

function shape(source: SourceEnvironment) {
  const { id, name, createdAt } = source;
  if (source.kind === 'images') return { id, kind: source.kind, name, createdAt, ...source.place };
  const { kind, url, username, thumbprint } = source;
  return { id, kind, name, url, username, thumbprint, createdAt };
}
