// Run by crash.integ.test.ts: `node crash-child.ts <folder> <seed> <n>` acts on the application at random and ends itself with SIGKILL right
// before its n-th write, of the database or of the vault. Says how many writes it made where it was not killed.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import type { RouteId } from '../../../src-preload/contract/routes.ts';
import { randomFrom } from '../../../workers/testing/random-from.ts';
import type { Caller } from '../../domain/user.ts';
import { cheap } from '../../identity/testing/identity-world.ts';
import { FakeSource } from '../../replication/testing/fake-source.ts';
import { createLog } from '../../rest/request-log.ts';
import type { SecretStore } from '../../vault/secret-store.ts';
import { openCore } from '../open-core.ts';

const [folder, seed, killAt] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];
const random = randomFrom(seed);
let writes = 0;
const write = () => {
  if (++writes === killAt) process.kill(process.pid, 'SIGKILL');
};

// Every statement passes these two; BEGIN and COMMIT too, so that it also ends between a transaction's writes and right before its commit.
const statement = Object.getPrototypeOf(new SqliteDatabase(':memory:').prepare('SELECT 1')) as Record<
  'run' | 'all',
  (...a: unknown[]) => unknown
>;
for (const name of ['run', 'all'] as const) {
  const original = statement[name];
  statement[name] = function (this: SqliteDatabase.Statement, ...values: unknown[]) {
    if (!/^\s*select/i.test(this.source)) write();
    return original.apply(this, values);
  };
}

/** A keychain that needs no service: one file, replaced as a whole. */
function openVault(path: string): SecretStore {
  const read = (): Record<string, string> => JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
  const change = (act: (secrets: Record<string, string>) => Record<string, string>) => {
    write();
    writeFileSync(`${path}.new`, JSON.stringify(act(read())));
    renameSync(`${path}.new`, path);
  };
  return {
    get: async (reference) => read()[reference],
    set: async (reference, secret) => change((secrets) => ({ ...secrets, [reference]: secret })),
    delete: async (reference) => change(({ [reference]: _gone, ...left }) => left),
    list: async () => Object.keys(read()).sort(),
    [Symbol.asyncDispose]: async () => {},
  };
}

class Vcenter extends FakeSource {
  readonly #url: string;
  constructor(url: string) {
    super(join(folder, 'fake'));
    this.#url = url;
  }
  override async about() {
    return { name: this.#url, version: '1', instanceUuid: this.#url };
  }
  override async inventory() {
    return [{ ...this.inventoryNow(), instanceUuid: `machine of ${this.#url}` }];
  }
}

await using core = await openCore({
  dataFolder: join(folder, 'data'),
  openVault: async () => openVault(join(folder, 'vault.json')),
  log: createLog('silent', { write: () => {} }),
  version: '0',
  environment: {},
  connectSource: async ({ url }) => new Vcenter(url),
  identity: { passwordCost: cheap, setUpNeedsToken: false },
});
core.begin();
if (!(await core.identity.isSetUp())) await core.identity.setUp(undefined, 'admin', 'a sentence to sign in with');
const caller: Caller = { userId: (await core.identity.listUsers())[0]!.id, name: 'admin', role: 'admin' };

// biome-ignore lint/suspicious/noExplicitAny: whatever the route answers; undefined where it was refused
async function call(id: RouteId, input: { params?: unknown; query?: unknown; body?: unknown } = {}): Promise<any> {
  const context = { caller, address: 'test', requestId: 'r', signal: new AbortController().signal };
  return core.api.call(id, input, context).then(
    ({ body }) => body ?? {},
    (error: { code?: string }) => {
      // A second vCenter of the same name, a schedule of a migration that is gone: refusals belong to the scenario.
      if (error.code?.startsWith('internal.') || error.code?.startsWith('store.')) throw error;
    },
  );
}
const number = (most: number) => Math.floor(random() * most);
const oneOf = async (id: RouteId) => {
  const { items } = await call(id);
  return items[number(items.length)];
};

const acts: (() => Promise<unknown>)[] = [
  async () => {
    const thumbprint = Array(20).fill('AB').join(':');
    const login = { url: `https://vc-${number(3)}.example/sdk`, username: 'u', password: `secret ${number(1e6)}`, thumbprint };
    const source = await call('sources.create', { body: login });
    if (source) await call('sources.sync', { params: { id: source.id } });
  },
  async () => {
    const source = await oneOf('sources.list');
    if (source) await call('sources.update', { params: { id: source.id }, body: { password: `secret ${number(1e6)}` } });
  },
  async () => {
    const source = await oneOf('sources.list');
    if (source) await call('sources.remove', { params: { id: source.id } });
  },
  () => call('targets.create', { body: { folder: join(folder, `target-${number(3)}`) } }),
  async () => {
    const [machine, target] = [await oneOf('vms.list'), await oneOf('targets.list')];
    if (machine && target) await call('migrations.create', { body: { machineId: machine.id, targetId: target.id } });
  },
  async () => {
    const [migration, user] = [await oneOf('migrations.list'), await oneOf('users.list')];
    if (migration) await call('migrations.share', { params: { id: migration.id }, body: { userIds: [user.id] } });
  },
  async () => {
    const migration = await oneOf('migrations.list');
    if (!migration) return;
    const timing = { type: 'every', minutes: 1000 + number(1000) };
    await call('schedules.create', { body: { kind: 'run', migrationId: migration.id, timing } });
  },
  async () => {
    const schedule = await oneOf('schedules.list');
    if (schedule) await call('schedules.update', { params: { id: schedule.id }, body: { enabled: random() < 0.5 } });
  },
  () => call('users.create', { body: { name: `user-${number(50)}`, role: 'operator', password: 'a first sentence of theirs' } }),
  async () => {
    const user = await oneOf('users.list');
    if (user.name !== 'admin') await call('users.update', { params: { id: user.id }, body: { disabled: random() < 0.5 } });
  },
  async () => {
    const { refreshToken } = await core.identity.signIn('admin', 'a sentence to sign in with', 'test');
    await core.identity.refresh(refreshToken);
  },
  () => call('settings.set', { params: { name: 'scheduler.concurrentRuns' }, body: { value: 1 + number(4) } }),
  () => call('directory.password', { body: { password: `secret ${number(1e6)}` } }),
  () => call('directory.forgetPassword'),
  () => call('auth.rotateKey'),
];
for (let act = 0; act < 20; act++) await acts[number(acts.length)]?.();
process.stdout.write(`${writes}\n`);
