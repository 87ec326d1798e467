import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Output, RouteId } from '../../src-preload/contract/routes.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { createAudit } from '../audit/audit.ts';
import { maskText } from '../domain/mask-secrets.ts';
import type { Caller } from '../domain/user.ts';
import { createApi } from './create-api.ts';
import { createEventAccess } from './ownership.ts';
import { at, cutover, inventory, openWorld, run, type World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

type Who = Caller | keyof World['callers'];
async function call<Id extends RouteId>(
  id: Id,
  input: { params?: unknown; query?: unknown; body?: unknown },
  who?: Who,
  signal?: AbortSignal,
) {
  const caller = typeof who === 'string' ? world.callers[who] : who;
  const context = { caller, address: '192.0.2.7', requestId: 'r', signal: signal ?? new AbortController().signal };
  return (await world.api.call(id, input, context)).body as Output<Id>;
}
const login = { url: 'https://vc.example/sdk', username: 'root', password: 'Planted-Secret-1', thumbprint: 'AA:BB' };

test('a change is recorded: who, from where, what, before and after, never the password', async () => {
  await call('sources.create', { body: login }, 'admin');
  await call('sources.update', { params: { id: 'own' }, body: { password: 'Planted-Secret-2' } }, 'admin');
  await call('settings.set', { params: { name: 'retention.defaultKeep' }, body: { value: 7 } }, 'admin');
  const [created, updated, set] = world.recorded;
  expect(created).toMatchObject({
    actor: { userId: 'u-admin', name: 'admin' },
    address: '192.0.2.7',
    action: 'source.create',
    subjectKind: 'sources',
    subjectId: 'own',
    after: { url: 'https://vc.example/sdk' },
    outcome: 'succeeded',
  });
  expect(updated).toMatchObject({ action: 'source.update', subjectId: 'own', before: { username: 'root' }, after: { id: 'own' } });
  expect(set).toMatchObject({ before: { 'retention.defaultKeep': 3 }, after: { 'retention.defaultKeep': 7 } });
  expect(JSON.stringify([world.recorded, world.published])).not.toContain('Planted-Secret');
  expect(world.published.map(({ type }) => type)).toEqual(['source.changed', 'source.changed', 'settings.changed']);
});

test('the lab that begins or ends is told of as the source that it is', async () => {
  await call('lab.start', { body: {} }, 'admin');
  world.services.lab.status = () => ({ running: true, machines: 3, sourceId: 'own' });
  await call('lab.stop', {}, 'admin');
  const change = (what: string) => ({ type: 'source.changed', data: { sourceId: 'own', change: what } });
  expect(world.published).toMatchObject([change('synced'), change('updated')]);
});

test('a change of a user is told of, also when they sign in or choose a password', async () => {
  await call('users.create', { body: { name: 'bert', role: 'viewer', password: 'Planted-Secret-3' } }, 'admin');
  await call('users.update', { params: { id: 'own' }, body: { role: 'operator' } }, 'admin');
  await call('users.signOut', { params: { id: 'own' } }, 'admin');
  await call('auth.login', { body: { name: 'operator', password: 'x' } });
  await call('auth.password', { body: { current: 'x', next: 'Planted-Secret-4' } }, 'viewer');
  const change = (userId: string, what = 'updated') => ({ type: 'user.changed', data: { userId, change: what } });
  expect(world.published).toEqual([...[change('own', 'created'), change('own'), change('own'), change('u-operator'), change('u-viewer')]]);
});

test('a wrong guess at the password that is to be changed is recorded, a new one that is too short is not', async () => {
  const body = { current: 'Planted-Guess-1', next: 'Planted long enough' };
  for (const field of ['next', 'current']) {
    world.services.identity.changePassword = async () => {
      throw new OctopusError('argument.invalid', 'This is not your current password.', { field });
    };
    await expect(call('auth.password', { body }, 'operator')).rejects.toMatchObject({ field });
  }
  expect(world.recorded).toMatchObject([
    { action: 'auth.password', subjectId: 'u-operator', outcome: 'failed', errorCode: 'argument.invalid' },
  ]);
  expect(JSON.stringify(world.recorded)).not.toContain('Planted');
});

test('a target that is known already is not told of as a new one', async () => {
  await call('targets.create', { body: { folder: '/known' } }, 'admin');
  expect(world.published.at(-1)).toMatchObject({ type: 'target.changed', data: { targetId: 'own', change: 'updated' } });
});

test('what goes wrong or is refused is recorded as that, except calls of strangers and slips of the hand', async () => {
  await expect(call('sources.create', { body: login }, 'operator')).rejects.toMatchObject({
    code: 'auth.forbidden',
    message: 'This is for the role admin; yours is operator.',
  });
  world.services.environments.addSource = async () => {
    throw new OctopusError('source.denied', 'Wrong user or password.');
  };
  await expect(call('sources.create', { body: login }, 'admin')).rejects.toMatchObject({ code: 'source.denied' });
  await expect(call('sources.create', { body: login })).rejects.toMatchObject({ code: 'auth.required' });
  await expect(call('sources.create', { body: {} }, 'admin')).rejects.toMatchObject({ code: 'argument.invalid' });
  await expect(call('migrations.sync', { params: { id: 'foreign' } }, 'operator')).rejects.toMatchObject({ code: 'not.found' });
  world.services.identity.signIn = async () => {
    throw new OctopusError('auth.denied', 'The name or the password is wrong.');
  };
  const body = { name: 'Planted-Secret-in-the-wrong-field', password: 'Planted-Secret-3' };
  await expect(call('auth.login', { body })).rejects.toMatchObject({ code: 'auth.denied' });
  expect(world.recorded.map(({ action, outcome, errorCode }) => `${action} ${outcome} ${errorCode}`)).toEqual([
    'source.create refused auth.forbidden',
    'source.create failed source.denied',
    'migration.sync refused not.found',
    'auth.login refused auth.denied',
  ]);
  expect(JSON.stringify(world.recorded)).not.toContain('Planted-Secret');
});

test('a test of which a step failed is recorded as failed, though it was answered', async () => {
  const failing = (id: 'login' | 'write') => ({ ok: false, steps: [{ id, outcome: 'failed' as const, text: 'No.' }], tookMs: 3 });
  await call('sources.probe', { body: login }, 'admin');
  await call('targets.probe', { body: { folder: '/srv' } }, 'admin');
  world.services.environments.probeSource = async () => failing('login') as never;
  world.services.environments.probeTarget = async (folder) => ({ ...failing('write'), folder, exists: false }) as never;
  await call('sources.probe', { body: login }, 'admin');
  await call('targets.probe', { body: { folder: '/srv' } }, 'admin');
  expect(world.recorded.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
    'source.probe succeeded',
    'target.probe succeeded',
    'source.probe failed',
    'target.probe failed',
  ]);
});

test('the path of a tested folder is recorded so that nothing of it is taken for a secret', async () => {
  world.services.environments.probeTarget = async (folder) => ({ ok: false, steps: [], folder, exists: false, tookMs: 3 }) as never;
  await call('targets.probe', { body: { folder: '/etc/passwd' } }, 'admin');
  expect(maskText(world.recorded.at(-1)?.message as string)).toBe('Unfit: /etc/passwd');
});

test('a check that meets a migration which the caller may not see does not send them there', async () => {
  const { store, services } = world;
  const { machineId, targetEnvironmentId: targetId } = (await store.jobs.find('foreign'))!;
  const conflict = {
    id: 'conflict' as const,
    outcome: 'fail' as const,
    text: 'It is replicated.',
    action: 'Change that migration instead.',
  };
  services.insight.check = async () => [conflict];
  const told = async (who: Who) => (await call('migrations.check', { query: { machineId, targetId } }, who)).items[0]?.action;
  expect(await told('admin')).toBe('Change that migration instead.');
  expect(await told('operator')).toBe('Ask an administrator to share it with you.');
});

test('the real activity log takes it and stays whole', async () => {
  world.services.audit = createAudit({ activity: world.store.activity, clock: { now: () => new Date(at) } });
  world.api = createApi(world.services);
  await call('users.create', { body: { name: 'new', role: 'viewer', password: 'Planted-Secret-4' } }, 'admin');
  await call('migrations.update', { params: { id: 'own' }, body: { settings: { keep: 9 } } }, 'operator');
  const { items } = await call('activity.list', { query: { text: 'migration' } }, 'admin');
  expect(items).toMatchObject([{ action: 'migration.update', before: { keep: 3 }, after: { keep: 9, verify: 'written' } }]);
  expect(await call('activity.verify', {}, 'admin')).toMatchObject({ whole: true, entries: 2 });
  const { text, complete } = await call('activity.export', { query: { format: 'csv' } }, 'admin');
  expect(complete).toBe(true);
  expect(text).toContain('user.create');
  expect(text).not.toContain('Planted-Secret');
});

test('an answer holds nothing that the contract has no place for', async () => {
  const [user] = await world.services.identity.listUsers();
  world.services.identity.getUser = async () => ({ ...user, passwordHash: 'hash' }) as never;
  expect(await call('users.get', { params: { id: 'own' } }, 'admin')).not.toHaveProperty('passwordHash');
  world.services.identity.getUser = async () => ({ id: 'own' }) as never;
  await expect(call('users.get', { params: { id: 'own' } }, 'admin')).rejects.toMatchObject({ code: 'internal.unexpected' });
});

test('an error names the field', async () => {
  const bad = async (id: RouteId, input: object) => (await call(id, input, 'admin').catch((error: OctopusError) => error)) as OctopusError;
  const settings = { keep: 0 };
  expect(await bad('migrations.update', { params: { id: 'own' }, body: { settings } })).toMatchObject({ field: 'settings.keep' });
  expect(await bad('migrations.create', { body: { machineId: 'own' } })).toMatchObject({ field: 'targetId' });
  expect(await bad('sources.create', { body: { ...login, colour: 'red' } })).toMatchObject({ field: 'colour' });
  expect(await bad('vms.list', { query: { limit: '1001' } })).toMatchObject({ field: 'limit' });
  expect(await bad('vms.list', { query: { cursor: 'e30' } })).toMatchObject({ code: 'argument.invalid', field: 'cursor' });
  expect(await bad('schedules.create', { body: { kind: 'run', timing: { type: 'every', minutes: 0 } } })).toMatchObject({
    field: 'timing.minutes',
  });
  expect(await bad('migrations.create', { body: { machineId: 'nothing', targetId: 'own' } })).toMatchObject({ field: 'machineId' });
  expect(await bad('sources.create', { body: { ...login, url: 'http://plain' } })).toMatchObject({ field: 'url' });
  expect(await bad('no.such.route' as RouteId, {})).toMatchObject({ code: 'not.found' });
  expect(await bad('toString' as RouteId, {})).toMatchObject({ code: 'not.found' });
});

test('a timing can be tried before it is stored', async () => {
  const times = async (query: object) => (await call('schedules.times', { query }, 'viewer')).items;
  const nightly = await times({ expression: '30 2 * * *', zone: 'Asia/Kolkata' });
  expect(nightly).toHaveLength(5);
  for (const at of nightly) expect(at).toMatch(/T21:00:00.000Z$/);
  const [first = '', second = ''] = await times({ minutes: '90', startAt: '2020-01-01T00:00:00Z', count: '2' });
  expect(Date.parse(second) - Date.parse(first)).toBe(90 * 60_000);
  await expect(times({ expression: 'soon', zone: 'UTC' })).rejects.toMatchObject({ field: 'timing.expression' });
  await expect(times({ expression: '0 0 * * *', minutes: '5' })).rejects.toMatchObject({ field: 'minutes' });
  const windows = JSON.stringify([{ zone: 'UTC', days: [1, 2, 3, 4, 5, 6, 7], from: '08:00', to: '23:00' }]);
  for (const at of await times({ expression: '0 9 * * *', windows })) expect(at).toMatch(/T23:00:00.000Z$/);
  await expect(times({ minutes: '5', windows: '[{"zone":"UTC"}]' })).rejects.toMatchObject({ field: 'windows' });
  const always = JSON.stringify([{ zone: 'UTC', days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00' }]);
  await expect(times({ minutes: '5', windows: always })).rejects.toMatchObject({ field: 'windows' });
  expect(await times({})).toEqual([]);
});

test('whoever must choose a password first can do that and nothing else', async () => {
  const caller: Caller = { ...world.callers.operator, role: 'viewer', mustChangePassword: true };
  expect(await call('auth.me', {}, caller)).toMatchObject({ mustChangePassword: true });
  await call('auth.password', { body: { current: 'a', next: 'a much longer one' } }, caller);
  await expect(call('vms.list', {}, caller)).rejects.toMatchObject({ code: 'auth.password' });
});

test('a call that nobody waits for any more changes nothing', async () => {
  const gone = AbortSignal.abort();
  await expect(call('sources.create', { body: login }, 'admin', gone)).rejects.toMatchObject({ code: 'operation.cancelled' });
  expect(world.calls).toEqual([]);
});

test('lists show what the caller owns or was given; sharing gives and takes', async () => {
  const ids = async (who: Who) => (await call('migrations.list', {}, who)).items.map(({ id }) => id);
  expect(await ids('admin')).toEqual(['foreign', 'own']);
  expect(await ids('operator')).toEqual(['own']);
  expect(await ids('viewer')).toEqual(['own']);
  expect(await ids('stranger')).toEqual(['foreign']);
  expect((await call('tasks.list', {}, 'operator')).items.map(({ id }) => id)).toEqual(['own']);
  expect((await call('schedules.list', {}, 'viewer')).items.map(({ id }) => id)).toEqual(['own']);
  const named = { id: 'own', machineName: (await call('migrations.get', { params: { id: 'own' } }, 'viewer')).machineName };
  expect((await call('schedules.list', {}, 'viewer')).items).toMatchObject([named]);
  expect((await call('tasks.list', {}, 'operator')).items).toMatchObject([named]);
  expect(await call('tasks.get', { params: { id: 'own' } }, 'operator')).toMatchObject(named);
  await call('migrations.share', { params: { id: 'own' }, body: { userIds: ['u-stranger'] } }, 'operator');
  expect(await ids('stranger')).toEqual(['foreign', 'own']);
  expect(await ids('viewer')).toEqual([]);
  expect(world.recorded.at(-1)).toMatchObject({ before: { userIds: ['u-viewer'] }, after: { userIds: ['u-stranger'] } });
  const nobody = call('migrations.share', { params: { id: 'own' }, body: { userIds: ['u-nobody'] } }, 'operator');
  await expect(nobody).rejects.toMatchObject({ code: 'not.found', field: 'userIds' });
});

test('migrations are found by name and by what is wrong with them; each tells its newest point, whom it was given to, its phases', async () => {
  const { store } = world;
  const list = async (query: object) => (await call('migrations.list', { query }, 'admin')).items.map(({ id }) => id);
  const [own] = (await call('migrations.list', {}, 'operator')).items;
  expect(own?.userIds).toEqual(['u-viewer']);
  expect(await list({ text: own!.machineName.toUpperCase().slice(1) })).toContain('own');
  expect(await list({ text: 'nowhere' })).toEqual([]);
  expect(await list({ only: 'paused' })).toEqual([]);
  await call('migrations.pause', { params: { id: 'own' } }, 'operator');
  expect(await list({ only: 'paused' })).toEqual(['own']);
  const started = { ...run, jobId: 'own', startedAt: '2031-01-01T00:00:00.000Z', phase: 'transfer' as const, endedAt: undefined };
  await store.runs.add({ ...started, id: 'newest', state: 'running' });
  await store.runs.enterPhase('newest', 'tracking', started.startedAt);
  expect(await list({ only: 'running' })).toContain('own');
  expect(await list({ only: 'failed' })).not.toContain('own');
  await store.runs.save({ ...started, id: 'newest', state: 'failed' });
  expect(await list({ only: 'failed' })).toContain('own');
  const { lastRun, newestPoint } = await call('migrations.get', { params: { id: 'own' } }, 'viewer');
  expect(lastRun?.phases).toEqual([{ phase: 'tracking', startedAt: started.startedAt }]);
  const { items } = await call('migrations.recoveryPoints', { params: { id: 'own' } }, 'viewer');
  expect(newestPoint?.id).toBe(items[0]?.id);
});

test('events about a migration reach those who may see it, those about settings and users administrators only', async () => {
  const maySee = createEventAccess(world.store);
  const who = async (type: string, data: object) => {
    const seen = await Promise.all(
      Object.values(world.callers).map(async (caller) => ((await maySee(caller, { type, data })) ? caller.name : '')),
    );
    return seen.filter(Boolean);
  };
  expect(await who('run.ended', { migrationId: 'own' })).toEqual(['admin', 'operator', 'viewer']);
  expect(await who('run.ended', { migrationId: 'gone' })).toEqual(['admin']);
  expect(await who('settings.changed', { name: 'x' })).toEqual(['admin']);
  expect(await who('user.changed', { userId: 'own', change: 'updated' })).toEqual(['admin']);
  expect(await who('task.changed', { taskId: 't' })).toEqual(['admin']);
  expect(await who('source.changed', { sourceId: 's' })).toHaveLength(4);
});

test('machines, migrations, tasks and runs come by pages, each once', async () => {
  const { store } = world;
  const machines = Array.from({ length: 25 }, (_, n) => ({
    id: `m-${n}`,
    sourceEnvironmentId: 'own',
    inventory: { ...inventory, ref: `vm-${n}`, instanceUuid: `i-${n}`, name: `n${n % 5}` },
    seenAt: at,
  }));
  await store.machines.putAll(machines);
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  for (const { id } of machines) {
    await store.jobs.put({
      id: `j-${id}`,
      machineId: id,
      targetEnvironmentId: 'own',
      ownerId: 'u-operator',
      state: 'active',
      settings,
      createdAt: at,
    });
    await store.runs.add({ ...run, id: `run-${id}` });
  }
  const walk = async (page: (cursor?: string) => Promise<{ items: { id: string }[]; next?: string | undefined }>) => {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const { items, next } = await page(cursor);
      expect(items.length).toBeLessThanOrEqual(4);
      ids.push(...items.map(({ id }) => id));
      cursor = next;
    } while (cursor !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
    return ids.length;
  };
  const query = (cursor?: string) => ({ query: { limit: '4', ...(cursor === undefined ? {} : { cursor }) } });
  expect(await walk((cursor) => call('vms.list', query(cursor), 'viewer'))).toBe(27);
  expect(await walk((cursor) => call('migrations.list', query(cursor), 'operator'))).toBe(26);
  expect(await walk((cursor) => call('migrations.runs', { params: { id: 'own' }, ...query(cursor) }, 'operator'))).toBe(26);
  const { next } = await call('vms.list', query(), 'viewer');
  await expect(call('vms.list', { query: { sort: '-name', cursor: next } }, 'viewer')).rejects.toMatchObject({ field: 'cursor' });
  for (const [list, total] of [
    ['vms.list', 27],
    ['migrations.list', 26],
  ] as const) {
    const part = await call(list, { query: { position: 23, limit: 50 } }, 'operator');
    expect([part.items.length, part.total, part.next]).toEqual([total - 23, total, undefined]);
    await expect(call(list, { query: { position: 2, cursor: next } }, 'operator')).rejects.toMatchObject({ field: 'position' });
  }
  const late = await call('migrations.list', { query: { only: 'behind', sort: '-nextRun' } }, 'operator');
  expect(late).toMatchObject({ items: [], total: 0 });
  const detail = await call('vms.get', { params: { id: 'm-3' } }, 'viewer');
  expect(detail).toMatchObject({ name: 'n3', protection: 'pending', sourceId: 'own', firmware: 'efi' });
});

test('what the state of a migration does not allow is refused at once', async () => {
  const params = { id: 'own' };
  await world.store.cutovers.save({ ...cutover, id: 'own', state: 'rolled-back' });
  await expect(call('migrations.rollback', { params }, 'operator')).rejects.toMatchObject({ code: 'job.state' });
  await world.store.jobs.setState('own', 'cut-over');
  await expect(call('migrations.sync', { params }, 'operator')).rejects.toMatchObject({ code: 'job.state' });
  expect(world.calls).toEqual([]);
});

test('a failed sign-in tells whose account was tried', async () => {
  world.services.identity.signIn = async () => {
    throw new OctopusError('auth.denied', 'The name or the password is wrong.');
  };
  await expect(call('auth.login', { body: { name: 'OPERATOR', password: 'x' } })).rejects.toMatchObject({ code: 'auth.denied' });
  expect(world.recorded).toMatchObject([{ action: 'auth.login', subjectKind: 'user', subjectId: 'u-operator', outcome: 'refused' }]);
});

test('renewing a session is recorded only where a token was used twice', async () => {
  const body = { refreshToken: 'token' };
  await call('auth.refresh', { body });
  for (const reason of ['expired', 'reused']) {
    world.services.identity.refresh = async () => {
      throw new OctopusError('auth.required', 'Sign in again.', { details: { reason } });
    };
    await expect(call('auth.refresh', { body })).rejects.toMatchObject({ code: 'auth.required' });
  }
  expect(world.recorded.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(['auth.refresh refused']);
});

test('what is begun is handed on with its settings', async () => {
  const params = { id: 'own' };
  expect(await call('migrations.sync', { params }, 'operator')).toEqual({ operationId: 'op-1', migrationId: 'own', kind: 'sync' });
  await call('migrations.cutover', { params, body: { preSync: false } }, 'operator');
  await call('migrations.rollback', { params }, 'operator');
  expect(world.calls.map(({ given }) => given[1])).toEqual([
    { kind: 'sync', run: 'incremental' },
    { kind: 'cutover', settings: { preSync: false } },
    { kind: 'rollback' },
  ]);
  expect(world.recorded[1]).toMatchObject({ action: 'migration.cutover', after: { kind: 'cutover', operationId: 'op-1' } });
});

test('a cutover that is warned against begins only where each warning was accepted', async () => {
  const params = { id: 'own' };
  const warned = [
    { id: 'disks', outcome: 'warn', text: '1 of 2 disks are left out.' },
    { id: 'space', outcome: 'warn', text: 'It is tight.' },
    { id: 'conflict', outcome: 'fail', text: 'It is replicated there already.' },
    { id: 'source', outcome: 'pass', text: 'It answers.' },
  ] as const;
  world.services.insight.check = async () => [...warned];
  const begin = (accept?: string[]) => call('migrations.cutover', { params, body: accept ? { accept } : {} }, 'operator');
  await expect(begin()).rejects.toMatchObject({ code: 'job.state', field: 'accept', details: { kinds: 'disks space' } });
  await expect(begin(['space'])).rejects.toMatchObject({ details: { kinds: 'disks' }, message: expect.stringContaining('left out') });
  expect(world.calls).toEqual([]);
  expect(await begin(['disks', 'space'])).toMatchObject({ kind: 'cutover' });
  expect(world.recorded.at(-1)).toMatchObject({ action: 'migration.cutover', after: { accept: ['disks', 'space'] } });
});

test('that the last boot check failed is accepted only where the boot is not checked anew', async () => {
  const params = { id: 'own' };
  world.services.insight.check = async () => [{ id: 'boot-failed', outcome: 'warn', text: 'The last boot check failed: No disk.' }];
  const begin = (body: object) => call('migrations.cutover', { params, body }, 'operator');
  await expect(begin({})).rejects.toMatchObject({ details: { kinds: 'boot-failed' }, message: expect.stringContaining('No disk.') });
  expect(await begin({ expectConsole: 'login:' })).toMatchObject({ kind: 'cutover' });
  expect(await begin({ accept: ['boot-failed'] })).toMatchObject({ kind: 'cutover' });
});

test('what a person takes on with a planned cutover stands with what its executor gets', async () => {
  const body = { kind: 'cutover', migrationId: 'own', timing: { type: 'once', at: '2040-01-01T00:00:00Z' } };
  await call('schedules.create', { body: { ...body, accept: ['disks'] } }, 'operator');
  await call('schedules.create', { body }, 'operator');
  expect(world.calls.map(({ given }) => (given[0] as { payload: object }).payload)).toEqual([{ acceptsLeftOut: true }, {}]);
});
