import type { directoryRoutes } from '../../../src-preload/contract/routes/directory.ts';
import type { HandlersOf } from '../handler.ts';

export const directoryHandlers: HandlersOf<typeof directoryRoutes> = {
  'directory.get': async (_input, { services }) => services.directory.state(),
  'directory.password': async ({ body }, { services }) => {
    await services.directory.keepPassword(body.password);
    return undefined;
  },
  'directory.forgetPassword': async (_input, { services }) => {
    await services.directory.forgetPassword();
    return undefined;
  },
  'directory.test': async ({ body: { sampleUser } }, { services, signal, note }) => {
    const report = await services.directory.test({ signal, ...(sampleUser === undefined ? {} : { sampleUser }) });
    note({ after: { ok: report.ok } });
    return report;
  },
};
