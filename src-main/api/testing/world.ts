import { OctopusError } from '../../../workers/octopus-error.ts';
import type { Audit } from '../../audit/audit.ts';
import type { ActivityDraft } from '../../domain/activity.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Cutover } from '../../domain/cutover.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import { noCounts, type Run } from '../../domain/run.ts';
import type { Schedule } from '../../domain/schedule.ts';
import type { Task } from '../../domain/task.ts';
import type { Caller, User } from '../../domain/user.ts';
import { openSettings } from '../../settings/settings.ts';
import { sharedJobs } from '../../store/repositories/migration-jobs.ts';
import { openStore, type Store } from '../../store/store.ts';
import { pointDisk } from '../../store/testing/point-disk.ts';
import { type Api, createApi } from '../create-api.ts';
import type { Services } from '../services.ts';

export const at = '2026-01-02T03:04:05.000Z';
const clock: Clock = { now: () => new Date(at), sleep: async () => {} };

export interface World extends AsyncDisposable {
  store: Store;
  services: Services;
  api: Api;
  /** What was recorded, newest last. */
  recorded: Omit<ActivityDraft, 'at'>[];
  published: { type: string; data: unknown }[];
  /** Which services that change something were called, with what. */
  calls: { name: string; given: unknown[] }[];
  callers: Record<'admin' | 'operator' | 'viewer' | 'stranger', Caller>;
  /** What calls may have changed is as it was. */
  restore(): Promise<void>;
}

/**
 * A real store in memory with everything there is twice: what `own` names is the operator's and was given to the viewer, what `foreign` names
 * is a stranger's. The services that would act on the world outside only say that they were called.
 */
export async function openWorld(): Promise<World> {
  const store = await openStore(':memory:');
  const recorded: World['recorded'] = [];
  const published: World['published'] = [];
  const calls: World['calls'] = [];
  const callers = Object.fromEntries(
    (['admin', 'operator', 'viewer', 'stranger'] as const).map((name) => [
      name,
      { userId: `u-${name}`, name, role: name === 'stranger' ? 'operator' : name } satisfies Caller,
    ]),
  ) as World['callers'];
  const users: User[] = [
    ...Object.values(callers).map(({ userId, name, role }) => ({ id: userId, name, role })),
    ...['own', 'foreign'].map((id) => ({ id, name: id, role: 'viewer' as const })),
  ].map((user) => ({
    ...user,
    source: 'local',
    disabled: false,
    mustChangePassword: false,
    lockedUntil: undefined,
    createdAt: at,
    lastSignInAt: undefined,
  }));
  for (const user of users) {
    await store.users.add({ ...user, passwordHash: undefined, directoryDn: undefined, failedLogins: 0 });
  }
  for (const id of ['own', 'foreign']) await seed(store, id, id === 'own' ? 'u-operator' : 'u-stranger');
  const restore = () => store.shares.give(sharedJobs, 'own', 'u-viewer');
  await restore();

  const did = <Answer>(name: string, answer: (...given: never[]) => Answer | Promise<Answer>) =>
    (async (...given: never[]) => {
      calls.push({ name, given });
      return answer(...given);
    }) as never;
  const source = async (id = 'own') => (await store.sources.find(id)) as NonNullable<Awaited<ReturnType<Store['sources']['find']>>>;
  const target = async (id = 'own') => (await store.targets.find(id)) as NonNullable<Awaited<ReturnType<Store['targets']['find']>>>;
  const user = async (id: string) => {
    const found = users.find((one) => one.id === id);
    if (!found) throw new OctopusError('not.found', `There is no user ${id}.`);
    return found;
  };
  const session = async () => ({
    accessToken: 'access',
    accessExpiresAt: at,
    refreshToken: 'refresh',
    refreshExpiresAt: at,
    user: { id: 'u-operator', name: 'operator', role: 'operator', mustChangePassword: false },
  });
  const nothing = async () => undefined;

  const services: Services = {
    version: '1.2.3',
    store,
    identity: {
      isSetUp: async () => true,
      setUp: did('setUp', session),
      signIn: did('signIn', session),
      refresh: did('refresh', session),
      signOut: did('signOut', nothing),
      changePassword: did('changePassword', nothing),
      listUsers: async () => users,
      getUser: user,
      createUser: did('createUser', () => user('own')),
      updateUser: did('updateUser', user),
      rotateKey: did('rotateKey', nothing),
      signOutUser: did('signOutUser', async (id: string) => void (await user(id))),
    },
    settings: await openSettings({ variables: store.variables, clock }),
    audit: {
      record: async (act: Omit<ActivityDraft, 'at'>) => {
        recorded.push(act);
        return { ...act, at, id: recorded.length, previousHash: '', hash: '' };
      },
      list: async () => ({ entries: [], cursor: undefined }),
      export: async function* () {
        yield 'id\r\n';
      },
      verify: async () => ({ whole: true, entries: 0, head: '', broken: undefined }),
    } satisfies Audit,
    scheduler: {
      pause: did('pause', nothing),
      resume: did('resume', nothing),
      isPaused: async () => false,
      pausedBy: async () => undefined,
      cancel: did('cancel', (id: string) => store.tasks.find(id)),
      revive: did('revive', (id: string) => store.tasks.find(id)),
      putSchedule: did('putSchedule', () => store.schedules.find('own')),
      removeSchedule: did('removeSchedule', nothing),
    },
    environments: {
      addSource: did('addSource', () => source()),
      updateSource: did('updateSource', source),
      addImages: did('addImages', () => source()),
      updateImages: did('updateImages', source),
      probeSource: did('probeSource', async () => ({ ok: true, steps: [], tookMs: 3 })),
      removeSource: did('removeSource', nothing),
      testSource: did('testSource', async () => ({ name: 'vc', version: '8.0', tookMs: 3 })),
      syncSource: did('syncSource', async () => ({ machines: 2, removed: 0, tookMs: 3 })),
      addLocalTarget: did('addLocalTarget', () => target()),
      probeTarget: did('probeTarget', async (folder: string) => ({ ok: true, steps: [], folder, exists: true, tookMs: 3 })),
      suggestTarget: async () => '/home/anna/Octopus/replicas',
      targetSpace: async () => ({ freeBytes: 1, totalBytes: 2 }),
      renameTarget: did('renameTarget', target),
      removeTarget: did('removeTarget', nothing),
      addMigration: did('addMigration', () => store.jobs.find('own')),
    },
    targetMachines: {
      list: async () => [{ machineId: 'own', name: 'web', running: true, since: at, where: 'VNC', jobId: 'own' }],
      stop: did('stopMachine', async () => 'web'),
    },
    operations: {
      begin: did('begin', async () => ({ operationId: 'op-1' })),
      cancel: did('cancel', async () => true),
      working: async () => undefined,
      remove: did('remove', nothing),
      limit: did('limit', () => undefined),
    },
    insight: {
      check: async () => [{ id: 'source', outcome: 'pass', text: 'It answers.' }],
      diskMap: async () => ({ running: false, states: [], disks: [] }),
    },
    lab: {
      status: () => ({ running: false, machines: 0 }),
      start: did('startLab', async () => ({ running: true, url: 'https://127.0.0.1:1/sdk', machines: 3, sourceId: 'own' })),
      stop: did('stopLab', nothing),
    },
    directory: {
      state: async () => ({ enabled: false, passwordStored: true }),
      keepPassword: did('keepPassword', nothing),
      forgetPassword: did('forgetPassword', nothing),
      test: did('testDirectory', async () => ({
        ok: false,
        servers: [{ url: undefined, ok: false, steps: [{ step: 'settings', ok: false, message: 'Name at least one directory server.' }] }],
      })),
    },
    now: () => new Date(at),
    publish: async (event) => {
      published.push(event);
    },
  };
  return {
    store,
    services,
    api: createApi(services),
    recorded,
    published,
    calls,
    callers,
    restore,
    [Symbol.asyncDispose]: () => store.close(),
  };
}

export const run: Run = {
  id: 'run-1',
  jobId: 'own',
  kind: 'full',
  state: 'succeeded',
  phase: 'prune',
  resumes: 0,
  snapshotRef: 'snapshot-1',
  snapshotTakenAt: at,
  trackingDoubt: undefined,
  notes: [],
  counts: noCounts,
  reconnects: 0,
  recoveryPointId: 'point-1',
  error: undefined,
  startedAt: at,
  endedAt: at,
};

/** One that can be rolled back. */
export const cutover: Cutover = {
  id: 'cutover-1',
  jobId: 'own',
  state: 'done',
  phase: 'finished',
  settings: { preSync: true, shutdownDeadlineMs: 1000, expectConsole: undefined, bootTimeoutMs: 1000 },
  sourceWasOn: true,
  poweredOff: 'guest',
  finalRunId: undefined,
  startAttempted: true,
  handle: 'h',
  where: 'localhost:1',
  undone: [],
  error: undefined,
  startedAt: at,
  endedAt: at,
};

export const inventory: MachineInventory = {
  ref: 'vm-1',
  instanceUuid: 'uuid-1',
  name: 'web',
  folder: '/DC/vm',
  host: 'host-1',
  cluster: undefined,
  powerState: 'on',
  firmware: 'efi',
  secureBoot: false,
  guestId: 'debian12_64Guest',
  guestName: 'Debian',
  tools: 'toolsOk',
  cpus: 2,
  memory: 2 ** 31,
  hardwareVersion: 19,
  changeTracking: true,
  template: false,
  tags: [],
  disks: [],
  adapters: [],
  snapshotCount: 0,
  consolidationNeeded: false,
};

/** One of each kind of thing, all under the same id: so a route finds its own whatever it is about. */
async function seed(store: Store, id: string, ownerId: string): Promise<void> {
  const login = { url: 'https://vc.example/sdk', username: 'root', thumbprint: 'AA:BB' };
  await store.sources.put({ id, kind: 'vsphere', name: id, ...login, instanceUuid: id, createdAt: at });
  await store.targets.put({ id, kind: 'local', name: id, location: `/srv/${id}`, settings: {}, createdAt: at });
  await store.machines.put({ id, sourceEnvironmentId: id, inventory: { ...inventory, instanceUuid: id }, seenAt: at });
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  await store.jobs.put({ id, machineId: id, targetEnvironmentId: id, ownerId, state: 'active', settings, createdAt: at });
  const schedule: Schedule = {
    id,
    kind: 'run',
    jobId: id,
    sourceId: undefined,
    timing: { type: 'every', minutes: 60 },
    windows: [],
    jitterMs: 0,
    priority: 10,
    payload: {},
    enabled: true,
    nextAt: at,
    createdAt: at,
  };
  await store.schedules.put(schedule);
  const task: Task = {
    id,
    scheduleId: id,
    plannedAt: at,
    kind: 'run',
    jobId: id,
    sourceId: undefined,
    payload: {},
    keys: [],
    lane: undefined,
    priority: 10,
    state: 'waiting',
    dueAt: at,
    attempts: 0,
    leaseOwner: undefined,
    leaseUntil: undefined,
    token: 0,
    cancelRequested: false,
    error: undefined,
    createdAt: at,
    startedAt: undefined,
    endedAt: undefined,
  };
  await store.tasks.add([task]);
  await store.runs.add({ ...run, id, jobId: id, recoveryPointId: id });
  await store.recoveryPoints.add(id, { id, runId: id, kind: 'full', doubts: [], takenAt: at, verified: 'all', disks: [pointDisk] }, at);
  await store.cutovers.add({ ...cutover, id, jobId: id });
}
