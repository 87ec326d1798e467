import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { LabVcenter } from '../../../lab/vcenter/lab-vcenter.ts';
import type { RouteDefinition } from '../../../src-preload/contract/route.ts';
import type { Answer } from '../../rest/testing/rest-world.ts';
import { openStore } from '../../store/store.ts';
import type { ApplicationWorld } from './application-world.ts';
import { strangeText } from './arbitrary-of-schema.ts';

export type Values = Record<string, fc.Arbitrary<unknown>>;

export const longPassword = 'a sentence for the fuzz test';

/** What exists in an application, so that inputs can be about it. */
export interface FuzzValues {
  /** As it is now: fields by their names, for this route. */
  fields(id: string, route: RouteDefinition): Promise<Values>;
  /** A path with every parameter filled in, by what stands before it in the path: /sources/:id with a source. */
  path(route: RouteDefinition, ids: Values): fc.Arbitrary<string>;
  /** The administrator is signed in, and no migration is busy: whatever the route before did. */
  settle(): Promise<void>;
}

const ok = (answer: Answer) => {
  if (answer.status >= 300) throw new Error(`The world could not be made: ${answer.status} ${answer.text}`);
  return answer.json;
};
export const encode = (text: string) => encodeURIComponent(text.toWellFormed()) || '%20';
const segmentOf = (route: RouteDefinition, parameter: string) => {
  const parts = route.path.split('/');
  return parts[parts.indexOf(parameter) - 1] ?? '';
};

/** Fills the world with one of everything. */
export async function createFuzzValues(world: ApplicationWorld): Promise<FuzzValues> {
  const { lab, folder } = world;
  const login = ({ url, username, password, thumbprint }: LabVcenter) => ({ url, username, password, thumbprint });
  const source = ok(await world.call('POST', '/sources', { body: login(lab) }));
  ok(await world.call('POST', `/sources/${source.id}/sync`));
  const target = ok(await world.call('POST', '/targets', { body: { folder: join(folder, 'target') } }));
  const [machine] = ok(await world.call('GET', '/vms')).items;
  const migration = ok(await world.call('POST', '/migrations', { body: { machineId: machine.id, targetId: target.id } }));
  ok(
    await world.call('POST', '/schedules', {
      body: { kind: 'run', migrationId: migration.id, timing: { type: 'every', minutes: 500_000 } },
    }),
  );
  ok(await world.call('POST', '/admin/users', { body: { name: 'spare', role: 'operator', password: longPassword } }));
  const images = join(folder, 'images');
  await mkdir(images);
  await copyFile(join(folder, 'disk.raw'), join(images, 'disk.raw'));
  await addTasks(join(folder, 'data', 'octopus.db'), migration.id);

  const adminPasswords = [world.password, `${world.password} again`];
  async function settle(): Promise<void> {
    for (const password of adminPasswords) {
      if ((await world.call('GET', '/auth/me')).status === 200) break;
      const again = await world.call('POST', '/auth/login', { as: 'nobody', body: { name: 'admin', password } });
      if (again.status === 200) world.tokens.admin = again.json.accessToken;
    }
    for (let tries = 0; tries < 600; tries++) {
      const busy = ok(await world.call('GET', '/migrations?limit=500')).items.filter((one: { working?: string }) => one.working);
      if (busy.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function live(): Promise<Record<string, string[]>> {
    const idsOf = async (path: string) => ok(await world.call('GET', path)).items.map((one: { id: string }) => one.id) as string[];
    const users = ok(await world.call('GET', '/admin/users')).items as { id: string; name: string }[];
    return {
      sources: await idsOf('/sources'),
      targets: await idsOf('/targets'),
      vms: await idsOf('/vms?limit=500'),
      migrations: await idsOf('/migrations?limit=500'),
      schedules: await idsOf('/schedules'),
      tasks: await idsOf('/tasks?limit=500'),
      // Whoever asks must stay who they are.
      users: users.filter(({ name }) => !['admin', 'operator'].includes(name)).map(({ id }) => id),
      env: ['replication.parallelDisksPerHost', 'scheduler.concurrentRuns'],
    };
  }

  /** What no migration needs can be removed. */
  async function addSpare(kind: string): Promise<void> {
    const spare = join(folder, `spare-${kind}`);
    await mkdir(spare);
    await copyFile(join(folder, 'disk.raw'), join(spare, 'disk.raw'));
    if (kind === 'sources') ok(await world.call('POST', '/sources', { body: { kind: 'images', folder: spare } }));
    else ok(await world.call('POST', '/targets', { body: { folder: join(spare, 'target') } }));
  }

  async function fields(id: string, route: RouteDefinition): Promise<Values> {
    if (id === 'sources.remove' || id === 'targets.remove') await addSpare(id.split('.')[0] as string);
    const ids = await live();
    const one = (kind: string) => (ids[kind]?.length ? fc.constantFrom(...(ids[kind] as string[])) : strangeText);
    const either = (value: fc.Arbitrary<unknown>) => fc.oneof({ weight: 9, arbitrary: value }, strangeText);
    const given = (value: unknown) => either(fc.constant(value));
    const values: Values = {
      ...Object.fromEntries(Object.keys(ids).map((kind) => [`${kind} ids`, one(kind)])),
      machineId: either(one('vms')),
      machineIds: either(one('vms')),
      targetId: either(one('targets')),
      migrationId: either(one('migrations')),
      sourceId: either(one('sources')),
      scheduleId: either(one('schedules')),
      userIds: fc.array(one('users'), { maxLength: 2 }),
      // Folders are made where the test may make them, and machines not by the thousand.
      folder: fc.nat(5).map((n) => join(folder, `folder-${n}`)),
      machines: fc.integer({ min: -1, max: 2 }),
      ...Object.fromEntries(Object.entries(login(lab)).map(([name, value]) => [name, given(value)])),
      // Cursors are opaque; these are none.
      cursor: fc.string({ unit: fc.constantFrom(...'abcXYZ019_-'), minLength: 1, maxLength: 30 }),
      shutdownDeadlineMs: fc.constant(1000),
    };
    if (route.path.startsWith('/sources')) {
      values.folder = given(images);
      values.files = given([join(images, 'disk.raw')]);
    }
    if (route.path.startsWith('/schedules')) {
      values.zone = given('Europe/Vienna');
      values.from = fc.constantFrom('08:00', '23:30');
      values.to = fc.constantFrom('12:15', '06:00');
      values.expression = given('30 2 * * 1-5');
      values.startAt = values.at = fc.constant('2099-01-31T12:00:00Z');
    }
    if (id === 'settings.set') values.value = fc.integer({ min: 1, max: 3 });
    if (id === 'users.create' || id === 'users.update') values.password = given(longPassword);
    if (id === 'auth.login') {
      // The others may be gone, disabled, or have another password by now.
      ok(await world.call('POST', '/admin/users', { body: { name: 'visitor', role: 'viewer', password: longPassword } }));
      Object.assign(values, { name: given('visitor'), password: given(longPassword) });
    }
    if (id === 'auth.password') Object.assign(values, { current: given(adminPasswords[0]), next: fc.constant(adminPasswords[1]) });
    if (id === 'auth.refresh' || id === 'auth.logout') {
      const session = await world.call('POST', '/auth/login', { as: 'nobody', body: { name: 'admin', password: adminPasswords[0] } });
      values.refreshToken = fc.constant(session.json?.refreshToken ?? 'none');
    }
    return values;
  }

  return {
    fields,
    settle,
    path(route, ids) {
      const parameters = [...route.path.matchAll(/:\w+/g)].map(([parameter]) => parameter);
      const chosen = parameters.map((parameter) => ids[`${segmentOf(route, parameter)} ids`] ?? strangeText);
      return fc
        .tuple(...chosen)
        .map((values) => parameters.reduce((path, parameter, at) => path.replace(parameter, encode(String(values[at]))), route.path));
    },
  };
}

/** Tasks that can be cancelled, and some that can be begun again. */
async function addTasks(database: string, jobId: string): Promise<void> {
  await using store = await openStore(database);
  const task = { scheduleId: undefined, plannedAt: undefined, kind: 'run', jobId, sourceId: undefined, payload: {} } as const;
  const rest = { keys: [], lane: undefined, priority: 1, attempts: 3, leaseOwner: undefined, leaseUntil: undefined, token: 0 };
  const times = { dueAt: '2099-01-01T00:00:00.000Z', createdAt: '2026-01-01T00:00:00.000Z', startedAt: undefined };
  const states = Array.from({ length: 24 }, (_, at) => (['waiting', 'dead', 'failed'] as const)[at % 3] ?? 'dead');
  await store.tasks.add(
    states.map((state, at) => {
      const ended =
        state === 'waiting'
          ? { endedAt: undefined, error: undefined }
          : { endedAt: '2026-01-01T00:00:01.000Z', error: { code: 'source.unreachable', message: 'No answer.' } };
      return { ...task, ...rest, ...times, ...ended, id: `task-${at}`, state, cancelRequested: false };
    }),
  );
}
