import { toOctopusError } from '../../../workers/octopus-error.ts';
import { type Clock, systemClock } from '../../domain/clock.ts';
import { findAccounts } from './account.ts';
import { openConnection } from './connection.ts';
import { bindService } from './directory.ts';
import { type DirectoryStep, describeFailure } from './failure.ts';
import { missingGroups, roleOfAccount } from './groups.ts';
import { checkSettings, type DirectorySecrets, type DirectoryServer, type DirectorySettings, directoryServers } from './settings.ts';

export interface DirectoryStepResult {
  step: DirectoryStep;
  ok: boolean;
  /** What was found, or what is wrong and what to do. */
  message: string;
}

export interface DirectoryServerReport {
  /** Undefined where the settings themselves are wrong. */
  url: string | undefined;
  ok: boolean;
  /** In order, up to the first that failed. */
  steps: DirectoryStepResult[];
}

export interface DirectoryReport {
  /** All servers passed all steps. */
  ok: boolean;
  servers: DirectoryServerReport[];
}

export interface DirectoryTestOptions {
  /** The login name of someone who should be able to sign in; no password is needed. */
  sampleUser?: string;
  signal?: AbortSignal;
  clock?: Clock;
}

/** Walks the way of a sign-in on every server and says how far it came. Rejects only when cancelled. */
export async function testConnection(
  settings: DirectorySettings,
  secrets: DirectorySecrets,
  options: DirectoryTestOptions = {},
): Promise<DirectoryReport> {
  try {
    checkSettings(settings);
  } catch (error) {
    const steps: DirectoryStepResult[] = [{ step: 'settings', ok: false, message: toOctopusError(error).message }];
    return { ok: false, servers: [{ url: undefined, ok: false, steps }] };
  }
  const servers: DirectoryServerReport[] = [];
  for (const server of directoryServers(settings)) {
    const steps = await testServer(server, settings, secrets, options);
    servers.push({ url: server.url, ok: steps.every((step) => step.ok), steps });
  }
  return { ok: servers.every((server) => server.ok), servers };
}

async function testServer(
  server: DirectoryServer,
  settings: DirectorySettings,
  secrets: DirectorySecrets,
  { sampleUser, signal, clock = systemClock }: DirectoryTestOptions,
): Promise<DirectoryStepResult[]> {
  const { host, port } = server;
  const passed: Partial<Record<DirectoryStep, string>> = {
    resolve: `${host} has an address.`,
    connect: `Port ${port} answers.`,
    tls: `${server.immediateTls ? 'LDAPS' : 'StartTLS'} with a trusted certificate for ${host}.`,
    bind: 'The service account is accepted.',
    base: `${settings.baseDn} is there.`,
    groups: settings.groups.length === 1 ? 'The mapped group is there.' : `All ${settings.groups.length} mapped groups are there.`,
  };
  const steps: DirectoryStepResult[] = [];
  let current: DirectoryStep = 'resolve';
  const end = (ok: boolean, message = passed[current] ?? '') => steps.push({ step: current, ok, message });
  const begin = (step: DirectoryStep) => {
    if (step !== current) end(true);
    current = step;
  };
  try {
    await using connection = await openConnection(server, settings, signal, begin);
    begin('bind');
    await bindService(connection, settings, secrets);
    begin('base');
    await connection.search(settings.baseDn, { scope: 'base', filter: '(objectClass=*)', attributes: ['objectClass'] });
    begin('groups');
    const missing = await missingGroups(connection, settings);
    if (missing.length > 0) {
      end(false, `Not found, or not visible to the service account: ${missing.join('; ')}. Check the DNs of the mapped groups.`);
      return steps;
    }
    if (sampleUser === undefined) {
      end(true);
      return steps;
    }
    begin('user');
    const [account, another] = await findAccounts(connection, settings, sampleUser.trim(), clock.now());
    const where = `below ${settings.baseDn} by ${settings.loginAttributes.join(' or ')}`;
    if (!account) end(false, `${sampleUser} is not found ${where}. Check base DN, login attributes and account filter.`);
    else if (another) end(false, `More than one account is called ${sampleUser} ${where}. Choose an attribute whose values are unique.`);
    else if (account.disabled !== undefined) end(false, `${account.dn} may not sign in: ${account.disabled}.`);
    else {
      const role = await roleOfAccount(connection, settings, account);
      if (role) end(true, `${account.dn} would sign in as ${account.name} with the role ${role}.`);
      else end(false, `${account.dn} is in none of the mapped groups, so it may not sign in. Add it to one, or map one of its groups.`);
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    end(false, describeFailure(current, server, error).message);
  }
  return steps;
}
