import type { labRoutes } from '../../../src-preload/contract/routes/lab.ts';
import type { HandlersOf } from '../handler.ts';

export const labHandlers: HandlersOf<typeof labRoutes> = {
  'lab.get': async (_input, { services }) => services.lab.status(),
  'lab.start': async ({ body }, { services, signal }) => {
    const lab = await services.lab.start(body, signal);
    if (lab.sourceId !== undefined) await services.publish({ type: 'source.changed', data: { sourceId: lab.sourceId, change: 'synced' } });
    return lab;
  },
  'lab.stop': async (_input, { services }) => {
    const { sourceId } = services.lab.status();
    await services.lab.stop();
    if (sourceId !== undefined) await services.publish({ type: 'source.changed', data: { sourceId, change: 'updated' } });
    return undefined;
  },
};
