import { readFile } from 'node:fs/promises';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { DirectoryService } from '../api/services.ts';
import type { Clock } from '../domain/clock.ts';
import { createDirectory, type Directory } from '../identity/directory/directory.ts';
import { type DirectorySettings, directoryDefaults } from '../identity/directory/settings.ts';
import { testConnection } from '../identity/directory/test-connection.ts';
import type { Settings } from '../settings/settings.ts';
import type { SecretKeeper } from '../vault/secret-keeper.ts';

const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

export interface ConfiguredDirectory extends DirectoryService {
  /** As the settings say now; undefined where it is switched off. Kept while they stay the same: it remembers which server rests. */
  current(): Promise<Directory | undefined>;
}

const owner = { kind: 'directory', id: 'bind' } as const;

export function createConfiguredDirectory(parts: {
  settings: Pick<Settings, 'get'>;
  secrets: SecretKeeper;
  clock: Clock;
}): ConfiguredDirectory {
  const { settings, secrets, clock } = parts;
  let kept: { text: string; directory: Directory } | undefined;

  async function read(): Promise<DirectorySettings> {
    const kind = settings.get('directory.kind');
    const usual = directoryDefaults(kind);
    const caFile = settings.get('directory.caFile');
    const attributes = lines(settings.get('directory.loginAttributes'));
    return {
      ...usual,
      urls: lines(settings.get('directory.urls')),
      startTls: settings.get('directory.startTls'),
      ca: caFile === '' ? undefined : await certificates(caFile),
      bindDn: settings.get('directory.bindDn'),
      baseDn: settings.get('directory.baseDn'),
      groupBaseDn: settings.get('directory.groupBaseDn') || undefined,
      loginAttributes: attributes.length > 0 ? attributes : usual.loginAttributes,
      userFilter: settings.get('directory.userFilter') || usual.userFilter,
      groups: (['admin', 'operator', 'viewer'] as const).flatMap((role) =>
        lines(settings.get(`directory.${role}Groups`)).map((dn) => ({ dn, role })),
      ),
      connectTimeoutMs: settings.get('directory.connectTimeoutSeconds') * 1000,
      operationTimeoutMs: settings.get('directory.operationTimeoutSeconds') * 1000,
    };
  }

  const bindSecret = () => secrets.read(owner, 'password');
  async function bindPassword(): Promise<string> {
    const password = await bindSecret();
    if (password === undefined)
      throw new OctopusError('directory.denied', "The password of the directory's service account is not in the vault.");
    return password;
  }

  function create(now: DirectorySettings): Directory {
    try {
      return createDirectory(now, { bindPassword }, clock);
    } catch (cause) {
      // Not `argument.invalid`: who signs in has given nothing wrong.
      throw new OctopusError(
        'directory.missing',
        'The settings of the directory are incomplete or wrong: an administrator can test them.',
        {
          cause,
        },
      );
    }
  }

  return {
    async current() {
      if (!settings.get('directory.enabled')) return undefined;
      const now = await read();
      const text = JSON.stringify(now);
      if (kept?.text !== text) kept = { text, directory: create(now) };
      return kept.directory;
    },
    state: async () => ({ enabled: settings.get('directory.enabled'), passwordStored: (await bindSecret()) !== undefined }),
    keepPassword: (password) => secrets.keep(owner, 'password', password),
    forgetPassword: () => secrets.forget(owner),
    async test(options) {
      const now = await read().catch(toOctopusError);
      if (!(now instanceof OctopusError)) return testConnection(now, { bindPassword }, { ...options, clock });
      const steps = [{ step: 'settings' as const, ok: false, message: now.message }];
      return { ok: false, servers: [{ url: undefined, ok: false, steps }] };
    },
  };
}

async function certificates(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new OctopusError('directory.certificate', `The certificates of the directory, ${path}, cannot be read.`, { cause });
  }
}
