import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabVcenter, startLabVcenter } from '../../../lab/vcenter/lab-vcenter.ts';
import { type Clock, systemClock } from '../../domain/clock.ts';
import type { Role } from '../../domain/user.ts';
import { createLog } from '../../rest/request-log.ts';
import type { RestSettings } from '../../rest/rest-settings.ts';
import { type Answer, type AskOptions, ask } from '../../rest/testing/rest-world.ts';
import { openVault } from '../../vault/open-vault.ts';
import { type Application, openApplication } from '../open-application.ts';

export interface ApplicationWorld extends AsyncDisposable {
  application: Application;
  folder: string;
  lab: LabVcenter;
  logLines: string[];
  tokens: Record<Role, string>;
  password: string;
  call(method: string, path: string, options?: AskOptions): Promise<Answer>;
}

/** The real application on a data folder that may have served before. */
export function openTestApplication(
  dataFolder: string,
  rest: Partial<RestSettings> = {},
  logLines: string[] = [],
  clock: Clock = systemClock,
): Promise<Application> {
  return openApplication({
    dataFolder,
    openVault: () => openVault({ mode: 'file', folder: dataFolder, passphrase: async () => 'a passphrase of the test' }),
    rest: { port: 0, ...rest },
    log: createLog('debug', { write: (line) => void logLines.push(line) }),
    version: '0.0.0-test',
    environment: {},
    clock,
  });
}

/** The real application in this process, with a lab of one small machine beside it, and a user of each role. Its data goes with it unless `keptData` says where. */
export async function openApplicationWorld(rest: Partial<RestSettings> = {}, keptData?: string): Promise<ApplicationWorld> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'octopus-serve-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const disk = join(folder, 'disk.raw');
  await writeFile(disk, Buffer.alloc(2 ** 20, 'octopus'));
  const lab = opened.use(await startLabVcenter({ machines: [{ name: 'web', disks: [{ file: disk }] }] }));
  const dataFolder = keptData ?? join(folder, 'data');
  await mkdir(dataFolder);
  const logLines: string[] = [];
  const application = opened.use(await openTestApplication(dataFolder, rest, logLines));
  const call = (method: string, path: string, { as = 'admin', headers = {}, ...options }: AskOptions = {}) => {
    const token = as === 'nobody' ? undefined : tokens[as];
    const all = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers };
    return ask(`${application.rest.url}${path}`, method, { ...options, as: 'nobody', headers: all });
  };
  const password = 'a long sentence for the test';
  const tokens: Record<Role, string> = { admin: '', operator: '', viewer: '' };
  const made = expect201(
    await call('POST', '/auth/setup', {
      as: 'nobody',
      body: { token: await application.identity.issueSetUpToken(), name: 'admin', password },
    }),
  );
  tokens.admin = made.json.accessToken;
  for (const role of ['operator', 'viewer'] as const) {
    expect201(await call('POST', '/admin/users', { body: { name: role, role, password } }));
    const first = (await call('POST', '/auth/login', { as: 'nobody', body: { name: role, password } })).json;
    tokens[role] = first.accessToken;
    await call('POST', '/auth/password', { as: role, body: { current: password, next: `${password} ${role}` } });
    tokens[role] = (
      await call('POST', '/auth/login', { as: 'nobody', body: { name: role, password: `${password} ${role}` } })
    ).json.accessToken;
  }
  const parts = opened.move();
  return { application, folder, lab, logLines, tokens, password, call, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

function expect201(answer: Answer): Answer {
  if (answer.status !== 201) throw new Error(`The world could not be made: ${answer.status} ${answer.text}`);
  return answer;
}
