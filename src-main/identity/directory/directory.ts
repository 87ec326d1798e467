import { OctopusError, toOctopusError } from '../../../workers/octopus-error.ts';
import { type Clock, systemClock } from '../../domain/clock.ts';
import type { Role } from '../../domain/user.ts';
import type { DirectoryLogin, DirectoryUser } from '../directory-login.ts';
import { type Account, findAccounts, readAccount } from './account.ts';
import { type DirectoryConnection, openConnection } from './connection.ts';
import { isWithin } from './distinguished-name.ts';
import { describeFailure, isRefusal, mayFailOver } from './failure.ts';
import { roleOfAccount } from './groups.ts';
import { checkSettings, type DirectorySecrets, type DirectoryServer, type DirectorySettings, directoryServers } from './settings.ts';

/** A server that failed is asked last for this long, so that not every sign-in waits for it. Milliseconds. */
const restAfterFailure = 60_000;
/** Longer ones are no names and no passwords, but a try to keep the server busy. */
const longestName = 256;
const longestPassword = 1024;

/** DirectoryLogin that can be cancelled. */
export interface Directory extends DirectoryLogin {
  signIn(name: string, password: string, signal?: AbortSignal): Promise<DirectoryUser | undefined>;
  /** False too for an account that is locked, or in no mapped group any more. */
  isActive(dn: string, signal?: AbortSignal): Promise<boolean>;
  /** The role that the groups give now; undefined when the account is gone, disabled, locked or has none. */
  roleOf(dn: string, signal?: AbortSignal): Promise<Role | undefined>;
}

export function createDirectory(settings: DirectorySettings, secrets: DirectorySecrets, clock: Clock = systemClock): Directory {
  checkSettings(settings);
  const servers = directoryServers(settings);
  const restingUntil = new Map<DirectoryServer, number>();

  /** In the order of the settings; those that failed lately come last. */
  function serversToTry(): DirectoryServer[] {
    const now = clock.now().getTime();
    const rests = (server: DirectoryServer) => (restingUntil.get(server) ?? 0) > now;
    return [...servers.filter((server) => !rests(server)), ...servers.filter(rests)];
  }

  async function ask<Answer>(work: (connection: DirectoryConnection) => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    const failures: OctopusError[] = [];
    for (const server of serversToTry()) {
      try {
        await using connection = await openConnection(server, settings, signal);
        await bindService(connection, settings, secrets);
        const answer = await work(connection).catch((error: unknown) => {
          if (signal?.aborted) throw signal.reason;
          throw describeFailure('base', server, error);
        });
        restingUntil.delete(server);
        return answer;
      } catch (error) {
        if (signal?.aborted || !mayFailOver(error)) throw toOctopusError(error);
        restingUntil.set(server, clock.now().getTime() + restAfterFailure);
        failures.push(toOctopusError(error));
      }
    }
    const [first] = failures;
    if (first && failures.length === 1) throw first;
    const sentences = failures.map((failure) => failure.message).join(' ');
    throw new OctopusError(first?.code ?? 'directory.unreachable', `No directory server can be used. ${sentences}`, {
      retryable: failures.some((failure) => failure.retryable),
      cause: new AggregateError(failures),
    });
  }

  async function userOf(connection: DirectoryConnection, account: Account | undefined): Promise<DirectoryUser | undefined> {
    if (!account || account.disabled !== undefined) return undefined;
    const role = await roleOfAccount(connection, settings, account);
    return role && { dn: account.dn, name: account.name, role };
  }

  async function roleOf(dn: string, signal?: AbortSignal): Promise<Role | undefined> {
    // Also when the base was changed since the account signed in.
    if (!isWithin(dn, settings.baseDn)) return undefined;
    const user = await ask(async (connection) => userOf(connection, await readAccount(connection, settings, dn, clock.now())), signal);
    return user?.role;
  }

  return {
    async signIn(typed, password, signal) {
      const name = typed.trim();
      if (!isPlausible(name, longestName) || !isPlausible(password, longestPassword)) return undefined;
      return ask(async (connection) => {
        const [account, another] = await findAccounts(connection, settings, name, clock.now());
        if (!account || another) return undefined;
        // A lock may be over by now, which only the server knows. The rest is refused before the password is tried.
        if (account.disabled !== undefined && account.disabled !== 'it is locked') return undefined;
        if (!(await accepts(connection, account.dn, password))) return undefined;
        // The person may perhaps not read groups; the service account may.
        await bindService(connection, settings, secrets);
        return userOf(connection, await readAccount(connection, settings, account.dn, clock.now()));
      }, signal);
    },
    roleOf,
    async isActive(dn, signal) {
      return (await roleOf(dn, signal)) !== undefined;
    },
  };
}

/** As the service account. An empty password would make it nobody. */
export async function bindService(connection: DirectoryConnection, settings: DirectorySettings, secrets: DirectorySecrets): Promise<void> {
  const password = await secrets.bindPassword();
  if (password === '')
    throw new OctopusError('directory.denied', 'The service account has no password. Enter it in the directory settings.');
  try {
    await connection.bind(settings.bindDn, password);
  } catch (error) {
    throw describeFailure('bind', connection.server, error);
  }
}

async function accepts(connection: DirectoryConnection, dn: string, password: string): Promise<boolean> {
  try {
    await connection.bind(dn, password);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** A NUL ends a text for some servers: what is left could be an empty password. */
function isPlausible(text: string, longest: number): boolean {
  return text !== '' && text.length <= longest && !text.includes('\0');
}
