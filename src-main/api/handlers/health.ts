import type { healthRoutes } from '../../../src-preload/contract/routes/health.ts';
import type { HandlersOf } from '../handler.ts';

export const healthHandlers: HandlersOf<typeof healthRoutes> = {
  'health.get': async (_input, { services }) => ({
    status: 'ok',
    version: services.version,
    setupNeeded: !(await services.identity.isSetUp()),
  }),
};
