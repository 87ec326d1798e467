import type { settingRoutes } from '../../../src-preload/contract/routes/settings.ts';
import type { HandlersOf } from '../handler.ts';

export const settingHandlers: HandlersOf<typeof settingRoutes> = {
  'settings.list': async (_input, { services }) => ({ items: services.settings.list() }),
  'settings.get': async ({ params }, { services }) => services.settings.view(params.name),
  'settings.set': async ({ params, body }, { services, note }) => {
    const before = services.settings.view(params.name);
    const after = await services.settings.set(params.name, body.value);
    note({ subjectKind: 'setting', before: { [params.name]: before.value }, after: { [params.name]: after.value } });
    await services.publish({ type: 'settings.changed', data: { name: params.name } });
    return after;
  },
  'settings.reset': async ({ params }, { services, note }) => {
    const before = services.settings.view(params.name);
    const after = await services.settings.reset(params.name);
    note({ subjectKind: 'setting', before: { [params.name]: before.value }, after: { [params.name]: after.value } });
    await services.publish({ type: 'settings.changed', data: { name: params.name } });
    return after;
  },
};
