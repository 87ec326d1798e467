import type { labRoutes } from '../../../src-preload/contract/routes/lab.ts';
import type { HandlersOf } from '../handler.ts';

export const labHandlers: HandlersOf<typeof labRoutes> = {
  'lab.get': async (_input, { services }) => services.lab.status(),
  'lab.start': ({ body }, { services, signal }) => services.lab.start(body, signal),
  'lab.stop': async (_input, { services }) => {
    await services.lab.stop();
    return undefined;
  },
};
