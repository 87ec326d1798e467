import type { userRoutes } from '../../../src-preload/contract/routes/users.ts';
import type { HandlersOf } from '../handler.ts';
import { tellUser } from '../tell-user.ts';

export const userHandlers: HandlersOf<typeof userRoutes> = {
  'users.list': async (_input, { services }) => ({ items: await services.identity.listUsers() }),
  'users.choices': async (_input, { services }) => ({
    items: (await services.identity.listUsers()).filter(({ disabled }) => !disabled).map(({ id, name }) => ({ id, name })),
  }),
  'users.create': async ({ body }, { services, note }) => {
    const user = await services.identity.createUser(body);
    note({ subjectKind: 'user', subjectId: user.id });
    await tellUser(services, user.id, 'created');
    return user;
  },
  'users.get': async ({ params }, { services }) => services.identity.getUser(params.id),
  'users.update': async ({ params, body }, { services, note }) => {
    const { role, disabled, password } = body;
    const before = await services.identity.getUser(params.id);
    note({ subjectKind: 'user', before, ...(password === undefined ? {} : { message: 'The password was changed.' }) });
    const user = await services.identity.updateUser(params.id, {
      ...(role === undefined ? {} : { role }),
      ...(disabled === undefined ? {} : { disabled }),
      ...(password === undefined ? {} : { password }),
    });
    await tellUser(services, params.id, 'updated');
    return user;
  },
  'users.signOut': async ({ params }, { services, note }) => {
    const { name } = await services.identity.getUser(params.id);
    note({ subjectKind: 'user', message: `${name} was signed out everywhere.` });
    await services.identity.signOutUser(params.id);
    await tellUser(services, params.id, 'updated');
    return undefined;
  },
};
