import type { authRoutes } from '../../../src-preload/contract/routes/auth.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { nameKey } from '../../domain/user.ts';
import type { HandlerContext, HandlersOf } from '../handler.ts';
import { tellUser } from '../tell-user.ts';

export const authHandlers: HandlersOf<typeof authRoutes> = {
  'auth.setup': async ({ body }, context) => {
    const { services, address } = context;
    return signedIn(context, await services.identity.setUp(body.token, body.name, body.password, address));
  },
  'auth.login': async ({ body }, context) => {
    const { services, address, note } = context;
    try {
      const session = signedIn(context, await services.identity.signIn(body.name, body.password, address));
      // When they last were here; and whoever the directory let in for the first time.
      await tellUser(services, session.user.id, 'updated');
      return session;
    } catch (error) {
      // Whose account was tried. What was typed is not recorded where nobody is called so: it may be a password in the wrong field.
      const tried = (await services.identity.listUsers()).find(({ name }) => nameKey(name) === nameKey(body.name));
      note({ subjectKind: 'user', subjectId: tried?.id });
      throw error;
    }
  },
  'auth.refresh': async ({ body }, { services, note }) => {
    // Renewing is no act of a person, and old tokens are refused every day; one that was used twice may be stolen.
    note({ skip: true });
    try {
      return await services.identity.refresh(body.refreshToken);
    } catch (error) {
      if (error instanceof OctopusError && error.details.reason === 'reused') note({ skip: false });
      throw error;
    }
  },
  'auth.logout': async ({ body }, { services, caller }) => {
    await services.identity.signOut(body.refreshToken ?? caller);
    return undefined;
  },
  'auth.password': async ({ body }, { services, caller, note }) => {
    note({ subjectKind: 'user', subjectId: caller.userId });
    await services.identity.changePassword(caller, body.current, body.next).catch((error: unknown) => {
      // Somebody at an unlocked screen may be guessing: that is no slip of the hand.
      if (error instanceof OctopusError && error.field === 'current') note({ skip: false });
      throw error;
    });
    await tellUser(services, caller.userId, 'updated');
    return undefined;
  },
  'auth.rotateKey': async (_input, { services, note }) => {
    note({ subjectKind: 'signing-key' });
    await services.identity.rotateKey();
    return undefined;
  },
  'auth.me': async (_input, { caller }) => ({
    id: caller.userId,
    name: caller.name,
    role: caller.role,
    mustChangePassword: caller.mustChangePassword ?? false,
  }),
};

function signedIn<Session extends { user: { id: string; name: string } }>({ note }: HandlerContext, session: Session): Session {
  const { id, name } = session.user;
  note({ actor: { userId: id, name }, subjectKind: 'user', subjectId: id });
  return session;
}
