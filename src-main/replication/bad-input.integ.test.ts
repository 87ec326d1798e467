import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LabVcenter, type LabVcenterOptions, startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import type { LabMachine } from '../../lab/vcenter/world/types.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { createTransferPool } from '../../workers/piscina-pool.ts';
import type { TransferPool } from '../../workers/pool.ts';
import type { Job } from '../domain/job.ts';
import { type Octopus, openOctopus } from '../octopus.ts';
import type { ReplicationEvent, RunReport } from './context.ts';
import { type Answer, type LyingProxy, startLyingProxy } from './testing/lying-proxy.ts';

const MiB = 2 ** 20;
const A = 2000;

let pool: TransferPool;
let folder: string;
let target: string;
let lab: LabVcenter;
let machine: LabMachine;
let proxy: LyingProxy;
let octopus: Octopus | undefined;
let mounted: string[];
let onEvent: (event: ReplicationEvent) => void;

beforeAll(() => {
  pool = createTransferPool({ threads: 2 });
});
afterAll(() => pool[Symbol.asyncDispose]());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-bad-'));
  target = join(folder, 'target');
  await mkdir(target);
  mounted = [];
  onEvent = () => {};
});
afterEach(async () => {
  await octopus?.close();
  octopus = undefined;
  await proxy?.[Symbol.asyncDispose]();
  await lab?.close();
  for (const path of mounted.reverse()) execFileSync('umount', ['-l', path]);
  await rm(folder, { recursive: true, force: true });
});

async function startLab(options: LabVcenterOptions = {}): Promise<void> {
  const machines = [
    {
      name: 'web',
      disks: [
        { size: 6 * MiB, fill: 1 },
        { size: 3 * MiB + 512, fill: 2 },
      ],
    },
  ];
  lab = await startLabVcenter({ seed: 3, taskMs: 0, consolidationMs: 5, machines, ...options });
  machine = lab.world.machineByName('web')!;
  proxy = await startLyingProxy(lab.url);
}

/** A mount needs root and the right to mount, which containers may lack: said, never skipped. */
function mount(...args: string[]): void {
  try {
    execFileSync('mount', args, { stdio: 'pipe' });
    if (!args.some((arg) => arg.includes('remount'))) mounted.push(args.at(-1)!);
  } catch (error) {
    throw new Error(`This test mounts file systems of its own and needs root for it: ${(error as Error).message}`);
  }
}

async function openCore(): Promise<Octopus> {
  await octopus?.close();
  octopus = await openOctopus({
    stateFolder: join(folder, 'state'),
    pool,
    passwordOf: async () => lab.password,
    retry: { attempts: 2, firstMs: 1, maxMs: 5 },
    tuning: { checkpointBytes: MiB },
    onEvent: (event) => onEvent(event),
  });
  return octopus;
}

async function setUp(): Promise<Job> {
  const core = await openCore();
  const { username, password } = lab;
  const source = await core.addSource({ url: proxy.url, username, password, thumbprint: proxy.thumbprint });
  const environment = await core.addLocalTarget(target);
  return core.addJob(source.id, 'web', environment.id);
}

const run = (job: Job): Promise<RunReport> => octopus!.replicator.run(job.id);

async function failure(promise: Promise<unknown>): Promise<OctopusError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error, 'it fails').toBeInstanceOf(OctopusError);
  expect((error as OctopusError).message).toMatch(/^\S.{15,}[.!?]$/s);
  return error as OctopusError;
}

/** The point holds what the source held then. */
async function expectWhole(report: RunReport, truth: Map<number, Buffer>): Promise<void> {
  const points = join(target, machine.instanceUuid, 'points', report.point.id);
  for (const disk of report.point.disks) {
    expect((await readFile(join(points, disk.image))).equals(truth.get(disk.key)!), `disk ${disk.key}`).toBe(true);
  }
  const { targets } = octopus!.store;
  const provider = await octopus!.target((await targets.list())[0]!.id);
  expect((await provider.recoveryPoints(machine.instanceUuid)).map(({ id }) => id)).toContain(report.point.id);
}

const content = () => new Map(machine.disks.map((disk) => [disk.key, disk.read(0, disk.capacity)]));

function expectSourceUntouched(): void {
  expect([...machine.snapshots.values()].map(({ name }) => name)).toEqual([]);
  expect(machine.powerState).toBe('poweredOn');
}

function write(offset: number, length: number, byte = 7): void {
  machine.disks[0]!.write(offset, Buffer.alloc(length, byte));
}

describe('the target', () => {
  test('is full: target.full, and with room again the run succeeds', async () => {
    await startLab();
    // Room for the first point beside its replica, not for the second.
    mount('-t', 'tmpfs', '-o', 'size=18m', 'tmpfs', target);
    const job = await setUp();
    const truth = content();
    const first = await run(job);
    write(0, 6 * MiB);
    const error = await failure(run(job));
    expect(error.code).toBe('target.full');
    expectSourceUntouched();
    await expectWhole(first, truth);
    mount('-o', 'remount,size=64m', target);
    const after = content();
    await expectWhole(await run(job), after);
    expectSourceUntouched();
  });

  test('is full while blocks are written: target.full', async () => {
    await startLab();
    mount('-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', target);
    const job = await setUp();
    expect((await failure(run(job))).code).toBe('target.full');
    expectSourceUntouched();
    mount('-o', 'remount,size=64m', target);
    await expectWhole(await run(job), content());
  });

  test('disappears while blocks are written: target.missing, and it goes on when it is back', async () => {
    await startLab();
    const job = await setUp();
    const truth = content();
    const first = await run(job);
    write(MiB, 3 * MiB);
    const away = join(folder, 'unplugged');
    let moved: Promise<void> | undefined;
    onEvent = (event) => {
      if (event.type === 'phase' && event.phase === 'transfer') moved = rename(target, away);
    };
    const error = await failure(run(job));
    onEvent = () => {};
    await moved;
    expect(error.code).toBe('target.missing');
    expectSourceUntouched();
    expect((await failure(run(job))).code).toBe('target.missing');
    await rename(away, target);
    await expectWhole(first, truth);
    await expectWhole(await run(job), content());
    expectSourceUntouched();
  });

  test('was removed for good: target.missing, nothing is made in its place', async () => {
    await startLab();
    const job = await setUp();
    await run(job);
    await rm(target, { recursive: true });
    expect((await failure(run(job))).code).toBe('target.missing');
    await expect(readFile(target)).rejects.toMatchObject({ code: 'ENOENT' });
    expectSourceUntouched();
  });

  test('became read-only: target.denied', async () => {
    await startLab();
    const job = await setUp();
    const truth = content();
    const first = await run(job);
    const replicas = join(target, machine.instanceUuid);
    mount('--bind', replicas, replicas);
    mount('-o', 'remount,ro,bind', replicas);
    write(0, 100);
    expect((await failure(run(job))).code).toBe('target.denied');
    expectSourceUntouched();
    await expectWhole(first, truth);
  });

  test('is read-only from the start: target.denied', async () => {
    await startLab();
    mount('-t', 'tmpfs', '-o', 'ro', 'tmpfs', target);
    const core = await openCore();
    expect((await failure(core.addLocalTarget(target))).code).toBe('target.denied');
  });
});

describe('the source', () => {
  test('refuses a wrong password: source.denied', async () => {
    await startLab();
    const core = await openCore();
    const { username } = lab;
    const error = await failure(core.addSource({ url: proxy.url, username, password: 'wrong', thumbprint: proxy.thumbprint }));
    expect(error.code).toBe('source.denied');
    expect(error.message).not.toContain('wrong');
    expect(await core.store.sources.list()).toEqual([]);
  });

  test('shows another certificate: source.certificate, at the first login and later', async () => {
    await startLab();
    const job = await setUp();
    const truth = content();
    const first = await run(job);
    await openCore();
    const [environment] = await octopus!.store.sources.list();
    await octopus!.store.sources.put({ ...environment!, thumbprint: lab.thumbprint });
    expect((await failure(run(job))).code).toBe('source.certificate');
    const { username, password, thumbprint } = lab;
    expect((await failure(octopus!.addSource({ url: proxy.url, username, password, thumbprint }))).code).toBe('source.certificate');
    expectSourceUntouched();
    await expectWhole(first, truth);
  });

  test('has no such machine, or has it no more: source.missing', async () => {
    await startLab();
    const job = await setUp();
    const truth = content();
    const first = await run(job);
    const { sourceEnvironmentId } = await octopus!.machine(job.machineId);
    expect((await failure(octopus!.addJob(sourceEnvironmentId, 'nobody', job.targetEnvironmentId))).code).toBe('source.missing');
    await machine.powerOff().done;
    lab.world.removeMachine(machine.ref);
    expect((await failure(run(job))).code).toBe('source.missing');
    await expectWhole(first, truth);
  });

  test.each([['grown', 2 * MiB] as const, ['shrunk', -2 * MiB] as const])('has a disk that has %s since: reconciled', async (how, by) => {
    await startLab();
    const job = await setUp();
    await run(job);
    const disk = machine.disks[0]!;
    if (by > 0) disk.resize(disk.capacity + by);
    else disk.recreate({ size: disk.capacity + by, fill: 9 });
    write(disk.capacity - 1000, 1000);
    const truth = content();
    const second = await run(job);
    expect(second.run.kind).toBe('reconcile');
    expect(second.point.doubts.join()).toContain(how);
    expect(second.disks.find(({ key }) => key === A)!.capacity).toBe(6 * MiB + by);
    await expectWhole(second, truth);
    expectSourceUntouched();
  });

  // Tracking that begins before a consolidation has ended misses changes without a word, like one that begins on top of a snapshot.
  test('needs consolidation when tracking is switched on: no change is missed afterwards', async () => {
    await startLab({ faults: { rules: [{ operation: 'task:RemoveSnapshot_Task', action: { kind: 'consolidationFails' }, nth: 1 }] } });
    const job = await setUp();
    const foreign = await machine.createSnapshot('before update').done;
    await machine.removeSnapshot(foreign!).done;
    expect(machine.consolidationNeeded).toBe(true);
    await run(job);
    // One small write a block: a missed one has no neighbour that brings its block along.
    for (let block = 0; block < 6; block++) write(block * MiB + block * 65_536, 100);
    const second = await run(job);
    expect(second.run.kind).toBe('incremental');
    await expectWhole(second, content());
    expectSourceUntouched();
  });
});

describe('a server that lies', () => {
  const replaced = (truth: Answer, from: RegExp, to: string): Answer => {
    const body = Buffer.from(String(truth.body).replace(from, to));
    return { ...truth, headers: { ...truth.headers, 'content-length': String(body.length) }, body };
  };
  const garbage = (truth: Answer): Answer => ({
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: Buffer.alloc(truth.body.length + 1, 'x<&'),
  });

  /** Lies in the second run: it fails with this code, and leaves everything as it was. */
  async function expectFailure(code: string, lie: LyingProxy['lie']): Promise<void> {
    await startLab();
    const job = await setUp();
    const truth = content();
    const first = await run(job);
    write(0, 2 * MiB);
    let lied = 0;
    proxy.lie = (operation, answer) => {
      const said = lie(operation, answer);
      if (said) lied++;
      return said;
    };
    const error = await failure(run(job));
    expect(lied).toBeGreaterThan(0);
    expect(error.code, error.message).toBe(code);
    proxy.lie = () => undefined;
    expect((await octopus!.store.recoveryPoints.newest(job.id))!.id).toBe(first.point.id);
    await expectWhole(first, truth);
    expect(machine.powerState).toBe('poweredOn');
    // What a lie kept from being removed is swept by the next run.
    await expectWhole(await run(job), content());
    expectSourceUntouched();
  }

  test('about the size of a file', () =>
    expectFailure('source.protocol', (operation, truth) => {
      const range = truth.headers['content-range'];
      if (operation !== 'folder' || range === undefined) return undefined;
      return { ...truth, headers: { ...truth.headers, 'content-range': range.replace(/\d+$/, (size) => String(Number(size) + 512)) } };
    }));

  test('about the range that it sends', () =>
    expectFailure('source.protocol', (operation, truth) =>
      operation === 'folder' ? { ...truth, headers: { ...truth.headers, 'content-range': 'bytes 512-1023/6291456' } } : undefined,
    ));

  test(
    'and sends less than it says, each time',
    () =>
      expectFailure('source.read', (operation, truth) =>
        operation === 'folder'
          ? { ...truth, headers: { ...truth.headers, 'content-length': String(truth.body.length) }, body: truth.body.subarray(0, 100) }
          : undefined,
      ),
    120_000,
  );

  test('and never ends to send a file', () =>
    expectFailure('source.protocol', (operation, truth) => (operation === 'folder' ? { ...truth, endless: true } : undefined)));

  test('and answers garbage', () =>
    expectFailure('source.protocol', (operation, truth) => (operation === 'RetrievePropertiesEx' ? garbage(truth) : undefined)));

  test('and never ends to answer', () =>
    expectFailure('source.protocol', (operation, truth) =>
      operation === 'RetrievePropertiesEx' ? { ...truth, body: Buffer.alloc(MiB, 'a'), endless: true } : undefined,
    ));

  test('and answers a snapshot with garbage: it was taken all the same, and is found by its name', async () => {
    await startLab();
    const job = await setUp();
    let lied = 0;
    proxy.lie = (operation, truth) => {
      if (operation !== 'CreateSnapshot_Task') return undefined;
      lied++;
      return garbage(truth);
    };
    const report = await run(job);
    expect(lied).toBeGreaterThan(0);
    await expectWhole(report, content());
    expectSourceUntouched();
  });

  test.each([
    ['pages that cover nothing', /<length>\d+<\/length>(?![\s\S]*<length>)/, '<length>0</length>'],
    ['pages that begin elsewhere', /<startOffset>\d+</, '<startOffset>4096<'],
    ['pages beyond the disk', /<startOffset>0<\/startOffset><length>\d+</, '<startOffset>0</startOffset><length>99999999999<'],
    ['areas outside of the page', /<changedArea><start>\d+</, '<changedArea><start>99999999999<'],
    ['no answer at all', /<returnval>[\s\S]*<\/returnval>/, ''],
  ])('about changes, with %s: the run reconciles, and says why', async (_, from, to) => {
    await startLab();
    const job = await setUp();
    await run(job);
    write(MiB, 2 * MiB);
    let lied = 0;
    proxy.lie = (operation, truth) => {
      if (operation !== 'QueryChangedDiskAreas') return undefined;
      if (from.test(String(truth.body))) lied++;
      return replaced(truth, from, to);
    };
    const second = await run(job);
    expect(lied).toBeGreaterThan(0);
    expect(second.run.kind).toBe('reconcile');
    expect(second.point.doubts).not.toEqual([]);
    await expectWhole(second, content());
    expectSourceUntouched();
  });
});
