import { serviceContent } from '../inventory/about.ts';
import { SoapFault } from '../soap/soap-fault.ts';
import { type Handler, requireSession, settings, userSession } from './call.ts';

const retrieveServiceContent: Handler = ({ world }) => serviceContent(world);

const currentTime: Handler = ({ world }) => new Date(world.clock.now());

const login: Handler = (call) => {
  const { userName, password } = call.arguments as { userName: string; password: string };
  if (call.session !== undefined) {
    throw new SoapFault('InvalidRequest', 'Cannot log in twice on one session: log out first.');
  }
  const session = call.server.sessions.login(userName, password, call.userAgent);
  if (session === undefined) throw new SoapFault('InvalidLogin', 'Cannot complete login due to an incorrect user name or password.');
  call.newSession = session;
  return userSession(session);
};

const logout: Handler = (call) => {
  call.server.sessions.end(requireSession(call));
  return undefined;
};

const sessionIsActive: Handler = (call) => {
  const { sessionID, userName } = call.arguments as { sessionID: string; userName: string };
  return call.server.sessions.byKey(sessionID)?.userName === userName;
};

const queryOptions: Handler = (call) => {
  const name = call.arguments.name as string | undefined;
  const found = settings.filter(
    (one) => name === undefined || one.key === name || (name.endsWith('.') && String(one.key).startsWith(name)),
  );
  if (found.length === 0) throw new SoapFault('InvalidName', `A specified parameter was not correct: ${name}`, { name: name ?? '' });
  return found;
};

export const sessionOperations: Record<string, Handler> = {
  RetrieveServiceContent: retrieveServiceContent,
  CurrentTime: currentTime,
  Login: login,
  Logout: logout,
  SessionIsActive: sessionIsActive,
  QueryOptions: queryOptions,
};
