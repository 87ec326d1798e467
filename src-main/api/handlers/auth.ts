import type { authRoutes } from '../../../src-preload/contract/routes/auth.ts';
import type { HandlerContext, HandlersOf } from '../handler.ts';

export const authHandlers: HandlersOf<typeof authRoutes> = {
  'auth.setup': async ({ body }, context) => {
    const { services, address } = context;
    return signedIn(context, await services.identity.setUp(body.token, body.name, body.password, address));
  },
  'auth.login': async ({ body }, context) => {
    // Known also when it fails; what was typed is not, since it may be a password in the wrong field.
    context.note({ subjectKind: 'user' });
    return signedIn(context, await context.services.identity.signIn(body.name, body.password, context.address));
  },
  'auth.refresh': async ({ body }, { services, note }) => {
    note({ skip: true });
    return services.identity.refresh(body.refreshToken);
  },
  'auth.logout': async ({ body }, { services, caller }) => {
    await services.identity.signOut(body.refreshToken ?? caller);
    return undefined;
  },
  'auth.password': async ({ body }, { services, caller, note }) => {
    note({ subjectKind: 'user', subjectId: caller.userId });
    await services.identity.changePassword(caller, body.current, body.next);
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
