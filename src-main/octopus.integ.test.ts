import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LabVcenter, type LabVcenterOptions, startLabVcenter } from '../lab/vcenter/lab-vcenter.ts';
import { replicateCommand } from './commands/replicate.ts';
import { runCommand } from './commands/testing/run-command.ts';
import type { RecoveryPoint } from './domain/recovery-point.ts';
import { type Octopus, type OctopusOptions, openOctopus } from './octopus.ts';
import type { ReplicationEvent } from './replication/context.ts';

const MiB = 2 ** 20;
let folder: string;
let lab: LabVcenter;
let octopus: Octopus;
let jobId: string;
let events: ReplicationEvent[];
/** Content of each own snapshot's disks, by run and disk key. */
let truth: Map<string, Map<number, Buffer>>;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-core-'));
  events = [];
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await rm(folder, { recursive: true, force: true });
});

async function startLab(options: Partial<LabVcenterOptions> = {}): Promise<void> {
  const disks = [
    { size: 12 * MiB, fill: 1 },
    { size: 3 * MiB + 512, fill: 2 },
    { size: MiB, mode: 'independent_persistent' as const },
  ];
  lab = await startLabVcenter({
    seed: 3,
    machines: [{ name: 'web', disks }],
    taskMs: 2,
    consolidationMs: 5,
    guestShutdownMs: 5,
    ...options,
  });
  closers.push(() => lab.close());
  truth = new Map();
  const machine = lab.world.machineByName('web')!;
  lab.world.changes.subscribe(() => {
    for (const snapshot of machine.snapshots.values()) {
      const runId = snapshot.name.replace('octopus-', '');
      if (!snapshot.name.startsWith('octopus-') || truth.has(runId)) continue;
      const frozen = snapshot.disks.filter(({ mode }) => mode === 'persistent');
      const content = new Map<number, Buffer>();
      for (const { key, capacity } of frozen)
        content.set(key, machine.disks.find((disk) => disk.key === key)!.readAt(snapshot.ref, 0, capacity));
      truth.set(runId, content);
    }
  });
}

function connection() {
  return { url: lab.url, username: lab.username, password: lab.password, thumbprint: lab.thumbprint };
}

async function open(options: Partial<OctopusOptions> = {}): Promise<void> {
  octopus = await openOctopus({
    stateFolder: join(folder, 'target'),
    threads: 2,
    retry: { firstMs: 5, maxMs: 100 },
    tuning: { checkpointBytes: 2 * MiB, taskBytes: 4 * MiB },
    onEvent: (event) => events.push(event),
    ...options,
  });
  closers.push(() => octopus.close());
  const source = await octopus.addSource(connection());
  const target = await octopus.addLocalTarget(join(folder, 'target'));
  jobId = (await octopus.addJob(source.id, 'web', target.id)).id;
}

const machine = () => lab.world.machineByName('web')!;
const guestWrites = (offset: number, length: number, disk = 0) => machine().disks[disk]!.write(offset, Buffer.alloc(length, 0xa5));

async function expectIdentical(point: RecoveryPoint): Promise<void> {
  const target = join(folder, 'target');
  const files = await readdir(target, { recursive: true });
  expect([...truth.get(point.runId)!.keys()]).toEqual(point.disks.map(({ key }) => key));
  for (const disk of point.disks) {
    const image = files.find((file) => file.includes(`points/${point.id}/`) && file.endsWith(disk.image))!;
    expect(readFileSync(join(target, image)).equals(truth.get(point.runId)!.get(disk.key)!), `disk ${disk.key}`).toBe(true);
  }
  expect([...machine().snapshots.values()].filter(({ name }) => name.startsWith('octopus-'))).toEqual([]);
}

test('full, incremental, reconcile after lost tracking, a grown disk: each identical to its snapshot', async () => {
  await startLab();
  await open();
  const writer = setInterval(() => machine().powerState === 'poweredOn' && guestWrites(512 * Math.floor(Math.random() * 4000), 512), 5);
  closers.push(() => clearInterval(writer));
  const full = await octopus.replicator.run(jobId);
  expect(full.run.kind).toBe('full');
  expect(full.run.notes.join()).toMatch(/Hard disk 3 is not replicated/);
  await expectIdentical(full.point);

  guestWrites(6 * MiB, 3 * MiB);
  const incremental = await octopus.replicator.run(jobId);
  expect(incremental.run.kind).toBe('incremental');
  expect(incremental.run.counts.read).toBeLessThan(15 * MiB);
  await expectIdentical(incremental.point);

  machine().losePower();
  await machine().powerOn().done;
  guestWrites(MiB, 1024);
  const reset = await octopus.replicator.run(jobId);
  expect(reset.run.kind).toBe('reconcile');
  expect(reset.point.doubts).toHaveLength(2);
  expect(reset.run.counts.read).toBe(15 * MiB + 512);
  expect(reset.run.counts.sent).toBeLessThan(6 * MiB);
  await expectIdentical(reset.point);

  clearInterval(writer);
  machine().disks[1]!.resize(5 * MiB);
  guestWrites(4 * MiB, 1000, 1);
  const grown = await octopus.replicator.run(jobId);
  expect(grown.disks.map(({ mode }) => mode)).toEqual(['extents', 'reconcile']);
  await expectIdentical(grown.point);
  const still = await octopus.replicator.run(jobId);
  expect(still.run).toMatchObject({ kind: 'incremental', counts: { read: 0 } });
});

test('sessions end and connections break in the middle: the same run goes on', async () => {
  await startLab({ faults: 11 });
  // By what the run does, not by the clock: on a slow machine it would never get anywhere.
  let told = 0;
  await open({
    onEvent: (event) => {
      events.push(event);
      if (++told % 3 === 0) lab.endSessions();
    },
  });
  const full = await octopus.replicator.run(jobId);
  await expectIdentical(full.point);
  guestWrites(0, 4 * MiB);
  await expectIdentical((await octopus.replicator.run(jobId)).point);
  expect(events.filter(({ type }) => type === 'run')).toHaveLength(2);
});

test('cancelled in the middle of a transfer, it ends clean', async () => {
  await startLab();
  await open({ tuning: { limit: 64 * 1024, checkpointBytes: MiB } });
  const abort = new AbortController();
  const running = octopus.replicator.run(jobId, { signal: abort.signal });
  running.catch(() => {});
  while (!events.some(({ type }) => type === 'progress')) await new Promise((resolve) => setTimeout(resolve, 10));
  abort.abort();
  await expect(running).rejects.toMatchObject({ code: 'operation.cancelled' });
  expect(machine().snapshots.size).toBe(0);
});

test('what is wrong is said, the source is untouched, and the last point is still good', async () => {
  await startLab();
  await open();
  const { point } = await octopus.replicator.run(jobId);
  await expect(openOctopus({ stateFolder: join(folder, 'target') })).rejects.toMatchObject({ code: 'target.busy' });
  await expect(octopus.addSource({ ...connection(), password: 'wrong' })).rejects.toMatchObject({ code: 'source.denied' });
  const other = connection().thumbprint.replace(/^./, (digit) => (digit === 'A' ? 'B' : 'A'));
  await expect(octopus.addSource({ ...connection(), thumbprint: other })).rejects.toMatchObject({ code: 'source.certificate' });
  const [source] = await octopus.store.sources.list();
  const [target] = await octopus.store.targets.list();
  await expect(octopus.addJob(source!.id, 'nobody', target!.id)).rejects.toMatchObject({ code: 'source.missing' });
  // A snapshot of someone else: cannot be read over /folder, and stays.
  await machine().createSnapshot('before the update').done;
  await expect(octopus.replicator.run(jobId)).rejects.toMatchObject({ code: 'source.unsupported' });
  expect([...machine().snapshots.values()].map(({ name }) => name)).toEqual(['before the update']);
  await machine().removeAllSnapshots().done;
  // The replica vanishes while it is written to.
  const replica = join(folder, 'target', machine().instanceUuid, 'replica');
  guestWrites(0, 2 * MiB);
  await rm(replica, { recursive: true });
  const healed = await octopus.replicator.run(jobId);
  expect(healed.run.kind).toBe('reconcile');
  await expectIdentical(healed.point);
  await expectIdentical(point);
  expect(await readdir(join(folder, 'target', machine().instanceUuid, 'points'))).toHaveLength(2);
});

test('octopus replicate: full, incremental, wrong input, another machine in the way', async () => {
  await startLab();
  const info = join(folder, 'lab.json');
  await writeFile(info, JSON.stringify(connection()));
  const to = join(folder, 'target');
  const call = async (...args: string[]) => {
    const { status, out, err } = await runCommand(replicateCommand, args);
    return { code: status, out: out.join('\n'), err: err.join('\n') };
  };
  const good = ['--info', info, '--machine', 'web', '--to', to];
  const first = await call(...good);
  expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/web: full run proven/) });
  guestWrites(0, 100);
  const second = JSON.parse((await call(...good, '--json')).out);
  expect(second).toMatchObject({
    proven: true,
    machine: 'web',
    recovered: [],
    run: { kind: 'incremental', counts: { read: MiB, sent: MiB } },
  });
  await expectIdentical(second.run.recoveryPoint);
  expect(await readFile(join(to, 'octopus.db'), 'latin1')).not.toContain(lab.password);
  for (const [args, field] of [
    [['--machine', 'web', '--to', to], 'info'],
    [['--info', info, '--to', to], 'machine'],
    [['--info', info, '--machine', 'web'], 'to'],
    [[...good, 'more'], 'arguments'],
    [[...good, '--cutover', '--rollback'], 'rollback'],
    [[...good, '--boot-timeout', 'soon'], 'boot-timeout'],
    [['--info', join(folder, 'none.json'), '--machine', 'web', '--to', to], 'info'],
  ] as const) {
    await expect(call(...args)).rejects.toMatchObject({ code: 'argument.invalid', field });
  }
  await expect(call(...good, '--rollback')).rejects.toMatchObject({ code: 'job.state' });
  await expect(call('--info', info, '--machine', 'nobody', '--to', to)).rejects.toMatchObject({ code: 'source.missing' });
  await writeFile(join(folder, 'a-file'), '');
  await expect(call('--info', info, '--machine', 'web', '--to', join(folder, 'a-file'))).rejects.toMatchObject({ code: 'target.denied' });
});
