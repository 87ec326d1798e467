import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { OctopusError } from '../../workers/octopus-error.ts';
import { createTransferPool } from '../../workers/piscina-pool.ts';
import type { TransferPool } from '../../workers/pool.ts';
import { systemClock } from '../domain/clock.ts';
import { downtimeOf } from '../domain/cutover.ts';
import { defaultJobSettings } from '../domain/job.ts';
import { openStore, type Store } from '../store/store.ts';
import type { ReplicationEvent, ReplicationParts, RunReport } from './context.ts';
import { createLimiter } from './limiter.ts';
import { createReplicator, type Replicator } from './replicator.ts';
import { FakeSource } from './testing/fake-source.ts';
import { FakeTarget } from './testing/fake-target.ts';

const MiB = 2 ** 20;
const A = 2000;
const B = 2001;

let pool: TransferPool;
let folder: string;
let store: Store;
let source: FakeSource;
let target: FakeTarget;
let events: ReplicationEvent[];
let replicator: Replicator;
let crashpoint: (name: string) => void | Promise<void>;

beforeAll(() => {
  pool = createTransferPool({ threads: 2 });
});
afterAll(() => pool[Symbol.asyncDispose]());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-run-'));
  await mkdir(join(folder, 'source'));
  await mkdir(join(folder, 'target'));
  source = new FakeSource(join(folder, 'source'));
  target = new FakeTarget(join(folder, 'target'));
  await source.addDisk(A, 6 * MiB + 512);
  await source.addDisk(B, 3 * MiB);
  await source.write(A, MiB - 100, randomBytes(2 * MiB));
  await source.write(B, 2 * MiB, randomBytes(1000));
  crashpoint = () => {};
  await startProcess();
  await store.sources.put({
    id: 's',
    kind: 'vsphere',
    name: 'fake',
    url: 'https://fake/sdk',
    username: 'u',
    thumbprint: '',
    instanceUuid: 'fake-source',
    createdAt: '',
  });
  await store.targets.put({ id: 't', kind: 'local', name: 'fake', location: folder, settings: {}, createdAt: '' });
  await store.machines.put({ id: 'm', sourceEnvironmentId: 's', inventory: source.inventoryNow(), seenAt: '' });
  await setJob({});
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** A new process over the same database, source and target. */
async function startProcess(): Promise<void> {
  await store?.close();
  store = await openStore(join(folder, 'octopus.db'));
  events = [];
  const parts: ReplicationParts = {
    store,
    pool,
    limiter: createLimiter({ perHost: 2, perDatastore: 2 }),
    retry: { attempts: 4, firstMs: 1, maxMs: 4 },
    tuning: { taskBytes: 2 * MiB, checkpointBytes: 2 * MiB, limit: undefined },
    clock: systemClock,
    newId: randomUUID,
    source: async () => source,
    target: async () => target,
    crashpoint: (name) => crashpoint(name),
    onEvent: (event) => events.push(event),
  };
  replicator = createReplicator(parts);
}

async function setJob(settings: Partial<typeof defaultJobSettings>): Promise<void> {
  await store.jobs.put({
    id: 'j',
    machineId: 'm',
    targetEnvironmentId: 't',
    state: 'active',
    settings: { ...defaultJobSettings, ...settings },
    createdAt: '',
  });
}

/** The point holds what the source held when nothing was written since, and no snapshot of ours is left. */
async function expectProven(report: RunReport | undefined): Promise<void> {
  const point = report?.point ?? (await store.recoveryPoints.newest('j'))!;
  for (const disk of source.disks) {
    const image = await readFile(target.pointImage(point, disk.key));
    expect(image.equals(await readFile(source.file(disk.key)))).toBe(true);
  }
  expect(source.snapshots.filter(({ name }) => name.startsWith('octopus-'))).toEqual([]);
}

/** Ends the process at a crashpoint: nothing after it happens, neither catch nor finally. */
async function dieAt(name: string, work: () => Promise<unknown>): Promise<boolean> {
  const died = new Promise<true>((resolve) => {
    crashpoint = (at) => {
      if (at !== name) return;
      resolve(true);
      return new Promise(() => {});
    };
  });
  const result = await Promise.race([
    died,
    work().then(
      () => false,
      () => false,
    ),
  ]);
  crashpoint = () => {};
  await startProcess();
  return result;
}

test('full, then incremental: only what changed is read, and the phases are on record', async () => {
  const machine = (await store.machines.find('m'))!;
  await store.machines.put({ ...machine, inventory: { ...machine.inventory, changeTracking: false } });
  const full = await replicator.run('j');
  expect(full.run).toMatchObject({ kind: 'full', state: 'succeeded', error: undefined });
  expect(full.run.counts).toMatchObject({ read: 9 * MiB + 512, resumed: 0, verified: 9 * MiB + 512 });
  expect(full.run.counts.sent).toBe(4 * MiB);
  expect(full.point).toMatchObject({ verified: 'all', doubts: [] });
  await expectProven(full);
  expect((await store.machines.find('m'))?.inventory.changeTracking).toBe(true);
  const phases = (await store.runs.phases(full.run.id)).map(({ phase }) => phase);
  expect(phases).toEqual(['tracking', 'snapshot', 'changes', 'replica', 'transfer', 'verify', 'commit', 'cleanup', 'prune']);

  await source.write(A, 5 * MiB, Buffer.from('changed'));
  const incremental = await replicator.run('j');
  expect(incremental.run.kind).toBe('incremental');
  expect(incremental.run.counts).toMatchObject({ read: MiB, sent: MiB, verified: MiB });
  expect(incremental.point.verified).toBe('written');
  await expectProven(incremental);

  const nothing = await replicator.run('j');
  expect(nothing.run.counts).toMatchObject({ read: 0, sent: 0, verified: 0 });
  await setJob({ verify: 'all' });
  expect((await replicator.run('j')).run.counts.verified).toBe(9 * MiB + 512);
  expect((await target.recoveryPoints()).length).toBe(3);
  expect((await store.recoveryPoints.ofJob('j')).length).toBe(3);
});

test('any doubt is a reconcile that reads everything and sends only what differs', async () => {
  await replicator.run('j');
  await source.write(A, 0, Buffer.from('x'));
  const doubted = async (expected: RegExp) => {
    const report = await replicator.run('j');
    expect(report.run.kind).toBe('reconcile');
    expect(report.point.doubts.join(' ')).toMatch(expected);
    await expectProven(report);
    return report;
  };
  const [older] = await store.recoveryPoints.ofJob('j');
  await replicator.run('j');
  const [newest] = await store.recoveryPoints.ofJob('j');
  const later = new Date(Date.parse(newest!.committedAt) + 1).toISOString();
  await store.recoveryPoints.setReread(older!.id, later, 'Disk A: one block differs.');
  await doubted(/found damaged/);
  expect((await replicator.run('j')).run.kind).toBe('incremental');

  await source.write(A, 0, Buffer.from('y'));
  source.epoch = 'epoch-2';
  const reset = await doubted(/reset/);
  expect(reset.run.counts).toMatchObject({ read: 9 * MiB + 512, sent: MiB });

  source.doubts.set(B, 'The machine has snapshots that Octopus did not make.');
  const foreign = await doubted(/did not make/);
  expect(foreign.disks.map(({ mode }) => mode)).toEqual(['extents', 'reconcile']);
  expect(foreign.point.disks[1]!.changeId).toBeUndefined();
  source.doubts.clear();
  await doubted(/no change id/);

  source.trackingDoubt = 'It has snapshots.';
  await doubted(/It has snapshots/);
  source.trackingDoubt = undefined;
  await doubted(/no change id/);

  await source.resize(A, 8 * MiB);
  await source.write(A, 7 * MiB, randomBytes(MiB));
  await doubted(/grown/);
  await source.resize(A, 2 * MiB);
  await doubted(/shrunk/);

  await source.addDisk(2002, 2 * MiB);
  await source.write(2002, 0, randomBytes(MiB));
  const added = await doubted(/added/);
  expect(added.disks.map(({ mode }) => mode)).toEqual(['extents', 'extents', 'full']);

  source.disks.splice(1, 1);
  const removed = await replicator.run('j');
  expect(removed.run.notes.join()).toMatch(/2001 was removed/);
  await expectProven(removed);
});

test('a replica that was touched is noticed, and healed', async () => {
  await replicator.run('j');
  await rm(target.image(B));
  const lost = await replicator.run('j');
  expect(lost.disks[1]).toMatchObject({ mode: 'full', doubt: expect.stringContaining('missing') });
  await expectProven(lost);

  await rm(join(folder, 'target', `replica-${A}.journal`));
  const forgotten = await replicator.run('j');
  expect(forgotten.disks[0]).toMatchObject({ mode: 'reconcile', doubt: expect.stringContaining('journal') });
  await expectProven(forgotten);

  await writeFile(join(folder, 'target', `replica-${A}.journal`), 'garbage');
  await expectProven(await replicator.run('j'));

  // Rot below everything: seen by a run that reads back all.
  const image = await readFile(target.image(A));
  image.writeUInt8(image.readUInt8(5 * MiB) ^ 1, 5 * MiB);
  await writeFile(target.image(A), image);
  await setJob({ verify: 'all' });
  const healed = await replicator.run('j');
  expect(healed.run.notes.join()).toMatch(/copied again/);
  await expectProven(healed);
});

test('a failure leaves the last point whole, no snapshot, and the next run proven', async () => {
  await replicator.run('j');
  const before = await store.recoveryPoints.newest('j');
  await source.write(A, 3 * MiB, randomBytes(MiB));
  target.failures.push({ method: 'commit', error: new OctopusError('target.full', 'No space left.') });
  await expect(replicator.run('j')).rejects.toMatchObject({ code: 'target.full' });
  expect(await store.recoveryPoints.newest('j')).toEqual(before);
  expect(source.snapshots).toEqual([]);
  expect((await store.runs.ofJob('j'))[0]).toMatchObject({ state: 'failed', error: { code: 'target.full' } });
  const next = await replicator.run('j');
  // Sent by the run that failed: not sent again.
  expect(next.run).toMatchObject({ kind: 'reconcile', counts: { sent: 0 } });
  await expectProven(next);
});

test('errors that pass are waited for, a lost session is renewed within the run, others end it', async () => {
  const busy = new OctopusError('source.unreachable', 'The connection was reset.', { retryable: true });
  source.failures.push(
    { method: 'createSnapshot', error: busy },
    { method: 'openDescriptor', error: busy },
    { method: 'removeSnapshot', error: busy },
  );
  source.landLate = true;
  await expectProven(await replicator.run('j'));
  expect(source.calls.filter((call) => call === 'createSnapshot').length).toBe(3);
  source.failures.push(...Array.from({ length: 4 }, () => ({ method: 'createSnapshot', error: busy })));
  await expect(replicator.run('j')).rejects.toMatchObject({ code: 'source.unreachable' });
  const denied = new OctopusError('source.denied', 'Missing privilege.');
  source.failures.push({ method: 'createSnapshot', error: denied });
  await expect(replicator.run('j')).rejects.toMatchObject({ code: 'source.denied' });
  await expectProven(await replicator.run('j'));
});

test('the worker loses its session: the descriptor is refreshed and the same run goes on', async () => {
  let lost = 0;
  const run = pool.run.bind(pool);
  const losing: TransferPool = {
    tasksPerDisk: 2,
    run(task, options) {
      if (task.kind === 'transfer' && lost++ === 0) {
        return { result: Promise.reject(new OctopusError('source.session', 'The session ended.')), control() {} };
      }
      return run(task, options);
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const real = pool;
  pool = losing;
  try {
    await startProcess();
    const report = await replicator.run('j');
    expect(source.calls).toContain('openDescriptor:refresh');
    expect(report.run.reconnects).toBe(1);
    await expectProven(report);
  } finally {
    pool = real;
  }
});

test('cancelled anywhere, a run leaves a clean state', async () => {
  await replicator.run('j');
  for (const at of ['tracking:done', 'snapshot:taken', 'replica:begun', 'transfer:entered', 'verify:entered', 'commit:entered']) {
    await source.write(A, MiB, randomBytes(100));
    const abort = new AbortController();
    crashpoint = (name) => (name === at ? abort.abort() : undefined);
    await expect(replicator.run('j', { signal: abort.signal }), at).rejects.toMatchObject({ code: 'operation.cancelled' });
    crashpoint = () => {};
    expect(source.snapshots, at).toEqual([]);
    expect((await store.runs.ofJob('j'))[0]!.state).toBe('cancelled');
    await expectProven(await replicator.run('j'));
  }
});

test('stopped with Octopus once it has its snapshot, a run goes on from its checkpoint at the next start', async () => {
  await replicator.run('j');
  for (const at of ['tracking:done', 'replica:begun', 'transfer:entered', 'transfer:done', 'verify:entered', 'commit:entered']) {
    await source.write(A, MiB, randomBytes(100));
    const abort = new AbortController();
    crashpoint = (name) => (name === at ? abort.abort(new OctopusError('server.stopping', 'Octopus is stopping.')) : undefined);
    const early = at === 'tracking:done';
    const code = early ? 'operation.cancelled' : 'server.stopping';
    await expect(replicator.run('j', { signal: abort.signal }), at).rejects.toMatchObject({ code });
    crashpoint = () => {};
    const stopped = (await store.runs.ofJob('j'))[0]!;
    expect(stopped.state, at).toBe(early ? 'cancelled' : 'running');
    // Nobody cancelled it.
    expect(stopped.error?.code, at).toBe(early ? 'server.stopping' : undefined);
    expect(source.snapshots, at).toHaveLength(early ? 0 : 1);
    const before = (await store.runs.ofJob('j')).length;
    const recovered = await replicator.recover();
    expect(
      recovered.map(({ what, outcome }) => [what, outcome]),
      at,
    ).toEqual(early ? [] : [['run', 'resumed']]);
    expect((await store.runs.ofJob('j')).length).toBe(before);
    expect((await store.runs.ofJob('j'))[0]!.state).toBe(early ? 'cancelled' : 'succeeded');
    expect(source.snapshots, at).toEqual([]);
  }
  await expectProven(await replicator.run('j'));
});

const runPoints = [
  ...['tracking', 'snapshot', 'changes', 'replica', 'transfer', 'verify', 'commit', 'cleanup', 'prune'].flatMap((phase) => [
    `${phase}:entered`,
    `${phase}:done`,
  ]),
  ...['snapshot:taken', 'replica:made', 'replica:planned', 'replica:begun', 'commit:frozen'],
];

test('killed between any two steps, a full run is resumed on its snapshot or unwound', async () => {
  for (const at of runPoints) {
    // A job from its beginning each time, so that creation of the replica is covered.
    await rm(join(folder, 'target'), { recursive: true });
    await mkdir(join(folder, 'target'));
    await store.close();
    for (const suffix of ['', '-wal', '-shm']) await rm(join(folder, `octopus.db${suffix}`), { force: true });
    await startAgain();
    expect(await dieAt(at, () => replicator.run('j')), at).toBe(true);
    const recovered = await replicator.recover();
    expect(source.snapshots, at).toEqual([]);
    const resumed = recovered.some(({ outcome }) => outcome === 'resumed');
    expect(resumed, `${at}: ${JSON.stringify(recovered)}`).toBe(!['tracking:entered', 'tracking:done', 'snapshot:entered'].includes(at));
    if (resumed) {
      await expectProven(undefined);
      const [run] = await store.runs.ofJob('j');
      expect(run).toMatchObject({ state: 'succeeded', resumes: 1 });
      // What was durable before the kill was not sent again.
      if (at === 'transfer:done' || at === 'verify:entered') expect(run!.counts.resumed).toBe(9 * MiB + 512);
    }
    expect(await replicator.recover()).toEqual([]);
    if (!resumed) await expectProven(await replicator.run('j'));
  }
});

async function startAgain(): Promise<void> {
  await startProcess();
  await store.sources.put({
    id: 's',
    kind: 'vsphere',
    name: 'fake',
    url: 'https://fake/sdk',
    username: 'u',
    thumbprint: '',
    instanceUuid: 'fake-source',
    createdAt: '',
  });
  await store.targets.put({ id: 't', kind: 'local', name: 'fake', location: folder, settings: {}, createdAt: '' });
  await store.machines.put({ id: 'm', sourceEnvironmentId: 's', inventory: source.inventoryNow(), seenAt: '' });
  await setJob({});
}

test('killed between any two steps, an incremental run ends identical', async () => {
  await replicator.run('j');
  for (const at of runPoints) {
    await source.write(A, Math.floor(Math.random() * 5 * MiB), randomBytes(3000));
    expect(await dieAt(at, () => replicator.run('j')), at).toBe(true);
    await replicator.recover();
    expect(source.snapshots, at).toEqual([]);
    await expectProven(await replicator.run('j'));
  }
});

test('killed before and touched since: a resumed run looks at its replica again', async () => {
  for (const harm of [
    () => rm(target.image(A)),
    () => rm(join(folder, 'target', `replica-${A}.journal`)),
    () => truncate(join(folder, 'target', `replica-${A}.journal`), 100),
  ]) {
    await source.write(A, 4 * MiB, randomBytes(3000));
    await dieAt('transfer:done', () => replicator.run('j'));
    await harm();
    expect(await replicator.recover()).toMatchObject([{ outcome: 'resumed' }]);
    await expectProven(undefined);
  }
});

test('snapshots of others are never touched, those of dead runs always go', async () => {
  await source.createSnapshot('vm-1', 'octopus-of-another-installation');
  await source.createSnapshot('vm-1', 'before the update');
  await dieAt('transfer:entered', () => replicator.run('j'));
  const own = source.snapshots.find(({ name }) => /octopus-[0-9a-f-]{36}/.test(name))!;
  // Its create had timed out, the run was unwound, and then it landed.
  source.snapshots = source.snapshots.filter((snapshot) => snapshot !== own);
  expect(await replicator.recover()).toMatchObject([{ outcome: 'unwound' }]);
  source.snapshots.push(own);
  expect(await replicator.recover()).toMatchObject([{ what: 'snapshot', outcome: 'removed' }]);
  expect(source.snapshots.map(({ name }) => name)).toEqual(['octopus-of-another-installation', 'before the update']);
});

test('a cutover moves the machine, is repeated without effect, and is rolled back', async () => {
  await replicator.run('j');
  await source.write(A, 0, randomBytes(5000));
  const cutover = await replicator.cutover('j', { expectConsole: 'login:' });
  expect(cutover).toMatchObject({ state: 'done', poweredOff: 'guest', sourceWasOn: true, where: expect.stringContaining('fake:') });
  const { downAt, upAt, phases, bootMs } = cutover.times!;
  expect(bootMs).toBe(1);
  expect(phases.map(({ phase }) => phase)).toEqual([
    'pre-sync',
    'pre-boot-check',
    'power-off',
    'final-run',
    'boot-check',
    'start',
    'finished',
  ]);
  expect([...phases.map(({ startedAt }) => startedAt)].sort()).toEqual(phases.map(({ startedAt }) => startedAt));
  expect(downAt! <= phases[3]!.startedAt && phases[5]!.startedAt <= upAt!).toBe(true);
  const told = (await store.activity.of('j', 50)).find(({ action }) => action === 'cutover.done');
  expect(told?.message).toContain('It was off for ');
  expect(told?.message).not.toContain('verified');
  expect(source.power).toBe('off');
  expect(await target.isRunning()).toBe(true);
  await expectProven(undefined);
  expect((await store.recoveryPoints.newest('j'))!).toMatchObject({ kind: 'final', verified: 'all' });
  expect((await replicator.cutover('j')).id).toBe(cutover.id);
  await expect(replicator.run('j')).rejects.toMatchObject({ code: 'job.state' });
  const back = await replicator.rollback('j');
  expect(back.undone.join(' ')).toMatch(/stopped at the target.*powered on again/);
  expect(back.times).toMatchObject({ downAt, upAt, backAt: expect.stringMatching(/Z$/) });
  expect(source.power).toBe('on');
  expect((await store.machines.list())[0]!.inventory.powerState).toBe('on');
  expect(await target.isRunning()).toBe(false);
  await expect(replicator.rollback('j')).rejects.toMatchObject({ code: 'job.state' });
  await expectProven(await replicator.run('j'));
});

test('a machine that a removed migration left running is found before the source is powered off, and can be stopped', async () => {
  await replicator.run('j');
  await replicator.cutover('j');
  const told = (await store.activity.of('j', 50)).find(({ action }) => action === 'cutover.done');
  expect(told?.message).toContain('Its boot was not verified.');
  await expect(replicator.remove('j', { replicas: 'remove', running: 'leave' })).rejects.toMatchObject({ code: 'job.state' });
  const job = (await store.jobs.find('j'))!;
  await replicator.remove('j', { replicas: 'keep', running: 'leave' });
  expect(await target.isRunning()).toBe(true);
  source.power = 'on';
  await store.jobs.put({ ...job, state: 'active' });
  await replicator.run('j');
  const powerOff = vi.spyOn(source, 'powerOff');
  await expect(replicator.cutover('j')).rejects.toMatchObject({
    code: 'target.busy',
    message: expect.stringContaining('It was not powered off at the source.'),
  });
  expect(powerOff).not.toHaveBeenCalled();
  expect((await store.cutovers.ofJob('j'))[0]).toMatchObject({ state: 'failed' });
  await expect(replicator.remove('j', { replicas: 'remove', running: 'leave' })).rejects.toMatchObject({ code: 'job.state' });
  await replicator.remove('j', { replicas: 'keep', running: 'stop' });
  expect(await target.isRunning()).toBe(false);
});

test('a cutover that fails after the power-off undoes it', async () => {
  await replicator.run('j');
  const fail = async (arrange: () => void, code: string) => {
    arrange();
    await expect(replicator.cutover('j', { preSync: false, expectConsole: 'login:' })).rejects.toMatchObject({ code });
    crashpoint = () => {};
    expect(source.power).toBe('on');
    expect(await target.isRunning()).toBe(false);
    expect(source.snapshots).toEqual([]);
    const [last] = await store.cutovers.ofJob('j');
    expect(last).toMatchObject({ state: 'rolled-back' });
    expect(downtimeOf(last!)).toBe(Date.parse(last!.times!.backAt!) - Date.parse(last!.times!.downAt!));
  };
  await fail(() => target.failures.push({ method: 'commit', error: new OctopusError('target.full', 'No space left.') }), 'target.full');
  await fail(() => target.failures.push({ method: 'start', error: new OctopusError('tool.missing', 'No QEMU.') }), 'tool.missing');
  await fail(() => {
    crashpoint = (name) => {
      // Someone powers it on between power-off and snapshot, and between the final run and the start.
      if (name === 'cutover:power-off:done') source.power = 'on';
    };
  }, 'source.busy');
  await fail(() => {
    crashpoint = (name) => {
      if (name === 'cutover:boot-check:done') source.power = 'on';
    };
  }, 'source.busy');
  target.boots = false;
  await fail(() => {}, 'verify.boot');
  target.boots = true;
  // A machine that was off before stays off.
  source.power = 'off';
  target.failures.push({ method: 'commit', error: new OctopusError('target.full', 'No space left.') });
  await expect(replicator.cutover('j', { preSync: false })).rejects.toMatchObject({ code: 'target.full' });
  expect(source.power).toBe('off');
  expect((await replicator.cutover('j')).state).toBe('done');
});

test('the source comes back also where the target can never start the machine', async () => {
  await replicator.run('j');
  const start = vi.spyOn(target, 'start').mockRejectedValue(new OctopusError('tool.missing', 'No QEMU.'));
  await expect(replicator.cutover('j', { preSync: false })).rejects.toMatchObject({ code: 'tool.missing' });
  expect(source.power).toBe('on');
  expect((await store.cutovers.ofJob('j'))[0]).toMatchObject({
    state: 'rolled-back',
    undone: [expect.stringContaining('powered on again at the source')],
  });
  start.mockRestore();
  expect((await replicator.cutover('j')).state).toBe('done');
});

test('a replica that does not boot is found out before the source is powered off', async () => {
  await replicator.run('j');
  target.boots = false;
  const powerOff = vi.spyOn(source, 'powerOff');
  await expect(replicator.cutover('j', { expectConsole: 'login:' })).rejects.toMatchObject({
    code: 'verify.boot',
    // The console's words end without a full stop.
    message: expect.stringContaining('the console stayed empty. It was not powered off at the source.'),
  });
  expect(powerOff).not.toHaveBeenCalled();
  expect(source.power).toBe('on');
  expect((await store.cutovers.ofJob('j'))[0]).toMatchObject({ state: 'failed', phase: 'pre-boot-check', undone: [] });
  target.boots = true;
  const boots = vi.spyOn(target, 'observeBoot');
  expect(await dieAt('cutover:pre-boot-check:entered', () => replicator.cutover('j', { expectConsole: 'login:' }))).toBe(true);
  expect(powerOff).not.toHaveBeenCalled();
  expect(await replicator.recover()).toContainEqual(expect.objectContaining({ what: 'cutover', outcome: 'done' }));
  expect(new Set(boots.mock.calls.map(([, point]) => point)).size).toBe(2);
  await replicator.rollback('j');
});

test('a cutover that is cancelled before the source is powered off is cancelled, not failed', async () => {
  await replicator.run('j');
  const abort = new AbortController();
  crashpoint = (name) =>
    name === 'cutover:pre-sync:entered' ? abort.abort(new OctopusError('operation.cancelled', 'It was cancelled.')) : undefined;
  await expect(replicator.cutover('j', {}, abort.signal)).rejects.toMatchObject({ code: 'operation.cancelled' });
  crashpoint = () => {};
  expect((await store.cutovers.ofJob('j'))[0]).toMatchObject({ state: 'cancelled', undone: [] });
  expect(source.power).toBe('on');
  expect((await replicator.cutover('j')).state).toBe('done');
});

test('killed between any two steps of a cutover or a rollback, the next start finishes it', async () => {
  const points = [
    ...['pre-sync', 'pre-boot-check', 'power-off', 'final-run', 'boot-check', 'start', 'finished'].flatMap((phase) => [
      `cutover:${phase}:entered`,
      `cutover:${phase}:done`,
    ]),
    ...['cutover:power-off:asked', 'cutover:final-run:named', 'cutover:start:attempted', 'cutover:start:started', 'cutover:job-marked'],
    ...['snapshot:taken', 'transfer:entered', 'verify:done', 'commit:frozen', 'cleanup:done'],
  ];
  for (const at of points) {
    await source.write(B, 0, randomBytes(2000));
    expect(await dieAt(at, () => replicator.cutover('j', { preSync: false, expectConsole: 'x' })), at).toBe(true);
    const recovered = await replicator.recover();
    expect(recovered, at).toContainEqual(expect.objectContaining({ what: 'cutover', outcome: 'done' }));
    expect(source.power).toBe('off');
    expect(await target.isRunning()).toBe(true);
    await expectProven(undefined);
    await replicator.rollback('j');
  }
  for (const at of ['cutover:roll-back:entered', 'cutover:roll-back:stopped', 'cutover:roll-back:powered-on']) {
    await replicator.cutover('j', { preSync: false });
    expect(await dieAt(at, () => replicator.rollback('j')), at).toBe(true);
    const recovered = await replicator.recover();
    expect(recovered, at).toContainEqual(expect.objectContaining({ what: 'cutover', outcome: 'rolled-back' }));
    expect(source.power).toBe('on');
    expect(await target.isRunning()).toBe(false);
    await expectProven(await replicator.run('j'));
  }
});

test('another machine under the known uuid is not copied into the replica', async () => {
  const first = await replicator.run('j');
  const before = source.inventoryNow();
  const stranger = { ...before, name: 'file server', disks: before.disks.map((disk) => ({ ...disk, capacity: disk.capacity + 512 })) };
  source.inventoryNow = () => stranger;
  await expect(replicator.run('j')).rejects.toMatchObject({
    code: 'source.missing',
    message: expect.stringMatching(/web is no longer there: its place is taken by file server.*Make a migration of its own/),
  });
  expect((await store.recoveryPoints.ofJob('j')).map(({ id }) => id)).toEqual([first.point.id]);
  expect((await store.machines.find('m'))?.inventory.name).toBe('web');
});
