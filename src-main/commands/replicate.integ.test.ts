import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LabVcenter, startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { type Octopus, openOctopus } from '../octopus.ts';
import type { Terminal } from './command.ts';
import { replicateCommand } from './replicate.ts';
import { tryCommand } from './testing/run-command.ts';

const MiB = 2 ** 20;
let folder: string;
let to: string;
let lab: LabVcenter;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-replicate-test-'));
  to = join(folder, 'replicas');
  lab = await startLabVcenter({
    seed: 3,
    machines: [
      { name: 'web', disks: [{ size: 24 * MiB, fill: 1 }] },
      // Snapshots leave an independent disk out.
      {
        name: 'db',
        disks: [
          { size: 8 * MiB, fill: 1 },
          { size: 4 * MiB, mode: 'independent_persistent' },
        ],
      },
    ],
    taskMs: 2,
    consolidationMs: 5,
    guestShutdownMs: 5,
  });
  await writeFile(join(folder, 'lab.json'), JSON.stringify(connection()));
});
afterEach(async () => {
  await lab.close();
  await rm(folder, { recursive: true, force: true });
});
const connection = () => ({ url: lab.url, username: lab.username, password: lab.password, thumbprint: lab.thumbprint });

async function call(args: string[] = [], given?: Partial<Terminal>) {
  const machine = args.includes('--machine') ? [] : ['--machine', 'web'];
  const all = ['--info', join(folder, 'lab.json'), '--to', to, ...machine, ...args];
  const { error, out, err } = await tryCommand(replicateCommand, all, given);
  return { error, out: out.join('\n'), err: err.join('\n') };
}

test('what cannot be replicated leaves nothing in the folder', async () => {
  const { error } = await call(['--machine', 'nobody']);
  expect(error).toMatchObject({
    code: 'source.missing',
    message: expect.stringMatching(/no machine named 'nobody' on .*\. Its machines are .*\bweb\b/),
  });
  expect(existsSync(to)).toBe(false);
  await mkdir(to);
  expect((await call(['--machine', 'nobody'])).error).toMatchObject({ code: 'source.missing' });
  expect((await call(['--rollback'])).error).toMatchObject({ code: 'job.state' });
  await writeFile(join(folder, 'lab.json'), JSON.stringify({ ...connection(), password: 'wrong' }));
  expect((await call()).error).toMatchObject({ code: 'source.denied' });
  expect(await readdir(to)).toEqual([]);
});

test('says where the recovery point is', async () => {
  const { out, error } = await call();
  expect(error).toBeUndefined();
  const place = /^ {2}in (\/.*)$/m.exec(out)![1]!;
  expect((await readdir(place)).filter((name) => name.endsWith('.raw'))).toHaveLength(1);
  const { run, bootVerified } = JSON.parse((await call(['--json'])).out);
  expect(existsSync(join(run.folder, 'point.json'))).toBe(true);
  expect((await stat(run.disks[0].image)).size).toBe(24 * MiB);
  expect(bootVerified).toBe(false);
});

test('a run that was killed: says how much was kept, and why another one follows', async () => {
  const octopus = await openOctopus({
    stateFolder: to,
    threads: 1,
    // As dead as a process that was killed here.
    crashpoint: (name) => (name === 'transfer:done' ? new Promise(() => reached()) : undefined),
  });
  let reached = () => {};
  const dead = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const source = await octopus.addSource(connection());
  const target = await octopus.addLocalTarget(to);
  void octopus.replicator.run((await octopus.addJob(source.id, 'web', target.id)).id);
  await dead;
  await octopus.close();
  const { error, out, err } = await call(['--json']);
  expect(error).toBeUndefined();
  expect(err).toMatch(/resumed and proven .* 24 MiB of 24 MiB were kept from before and not sent again\./);
  expect(err).toMatch(/Another run follows: it brings what changed since \d{4}-/);
  expect(JSON.parse(out)).toMatchObject({ recovered: [{ outcome: 'resumed', kept: 24 * MiB }], run: { kind: 'incremental' } });
});

test('Ctrl+C says that the same command continues, and so it does', async () => {
  const abort = new AbortController();
  const stopped = await call([], { signal: abort.signal, status: (line) => line.startsWith('verify') && abort.abort() });
  expect(stopped.error).toMatchObject({
    code: 'operation.cancelled',
    message: expect.stringMatching(/^Interrupted after \d+ MiB of 24 MiB; .*The same command continues where it stopped/),
  });
  const again = await call();
  expect(again.error).toBeUndefined();
  expect(again.err).toContain('The last run was interrupted: what it left at the target is compared');
});

test('Ctrl+C before anything was copied does not promise that something is kept', async () => {
  const abort = new AbortController();
  const stopped = await call([], { signal: abort.signal, err: (line) => line.includes('starting run') && abort.abort() });
  expect(stopped.error).toMatchObject({
    code: 'operation.cancelled',
    message: expect.stringMatching(/^Interrupted\. Nothing had been copied yet\./),
  });
});

test('--keep removes older points and names them; a folder that cannot be made ends at once', async () => {
  const first = JSON.parse((await call(['--json'])).out);
  expect(first.removedPoints).toEqual([]);
  const { out, err } = await call(['--json', '--keep', '1']);
  expect(JSON.parse(out).removedPoints).toEqual([first.run.recoveryPoint.id]);
  expect(err).toContain(`1 older recovery point removed (--keep 1): ${first.run.recoveryPoint.id}`);
  for (const wrong of [
    ['--keep', '0'],
    ['--keep', 'all'],
    ['--boot-timeout', '3'],
  ]) {
    expect((await call(wrong)).error).toMatchObject({ code: 'argument.invalid', field: wrong[0]!.slice(2) });
  }
  to = '/proc/x';
  expect((await call()).error).toMatchObject({ code: 'target.denied', message: expect.stringContaining('/proc/x') });
});

test('Ctrl+C in a cutover says what was undone', async () => {
  const abort = new AbortController();
  const stopped = await call(['--cutover'], { signal: abort.signal, err: (line) => line === 'cutover: final-run' && abort.abort() });
  expect(stopped.error).toMatchObject({
    code: 'operation.cancelled',
    message: expect.stringMatching(
      /^Interrupted\. The cutover was rolled back\. .*powered on again.* The same command does the cutover again/,
    ),
  });
  expect(lab.world.machineByName('web')!.powerState).toBe('poweredOn');
});

test('a cutover without --expect-console says that the boot is not verified; afterwards the state is what is wrong', async () => {
  const { error, out, err } = await call(['--cutover', '--json']);
  try {
    expect(error).toBeUndefined();
    expect(err).toMatch(/The boot is not verified .*--expect-console TEXT/);
    expect(err).toContain('boot NOT verified');
    expect(JSON.parse(out)).toMatchObject({ proven: true, bootVerified: false, cutover: { state: 'done' } });
    expect(err).not.toContain('boot-check');
    const again = await call(['--cutover']);
    expect(again.error).toBeUndefined();
    expect(again.out).toMatch(/^web was already cut over at \d{4}-.*; it runs at the target \(VNC at unix:/);
    expect((await call()).error).toMatchObject({ code: 'job.state', message: expect.stringContaining('--rollback') });
  } finally {
    expect((await call(['--rollback'])).error).toBeUndefined();
  }
  expect((await call(['--rollback'])).error).toMatchObject({ code: 'job.state' });
  expect(await readFile(join(folder, 'lab.json'), 'utf8')).toContain('url');
});

test('a cutover that the checks warn against begins only where each warning is accepted', async () => {
  const db = ['--machine', 'db'];
  await call(db);
  const before = await readdir(to, { recursive: true });
  const refused = await call([...db, '--cutover', '--json', '--accept', 'space']);
  expect(refused.error).toMatchObject({
    code: 'job.state',
    message: expect.stringMatching(/^The cutover was not begun, .* nobody has accepted disks.* --accept space,disks\.$/),
  });
  expect(refused.err).toContain('  warning disks: 1 of 2 disks are left out. ');
  expect(refused.err).toContain('    Make them dependent disks, or protect them otherwise.');
  expect(JSON.parse(refused.out)).toMatchObject({
    proven: false,
    warnings: [{ code: 'disks', outcome: 'warn', accepted: false }],
    error: { code: 'job.state' },
  });
  expect(lab.world.machineByName('db')!.powerState).toBe('poweredOn');
  const files = (names: string[]) => names.filter((name) => !name.includes('octopus.db')).sort();
  expect(files(await readdir(to, { recursive: true }))).toEqual(files(before));
  for (const accept of ['disks', 'all']) {
    const done = await call([...db, '--cutover', '--json', '--accept', accept]);
    try {
      expect(done.error).toBeUndefined();
      expect(done.err).toContain('  warning disks (accepted): ');
      expect(JSON.parse(done.out)).toMatchObject({
        proven: true,
        warnings: [{ code: 'disks', accepted: true }],
        cutover: { state: 'done' },
      });
      // Nothing is asked of one that is done.
      expect((await call([...db, '--cutover'])).error).toBeUndefined();
    } finally {
      expect((await call([...db, '--rollback'])).error).toBeUndefined();
    }
  }
});

test('an interrupted run stays as it is while a cutover is refused; an interrupted cutover was accepted before and goes on', async () => {
  const db = ['--machine', 'db'];
  const killedAt = async (crash: string, work: (octopus: Octopus, job: string) => Promise<unknown>) => {
    const reached = Promise.withResolvers<void>();
    const crashpoint = (name: string) => (name === crash ? new Promise<void>(() => reached.resolve()) : undefined);
    const octopus = await openOctopus({ stateFolder: to, threads: 1, crashpoint });
    const source = await octopus.addSource(connection());
    const target = await octopus.addLocalTarget(to);
    void work(octopus, (await octopus.addJob(source.id, 'db', target.id)).id);
    await reached.promise;
    await octopus.close();
  };
  await killedAt('transfer:done', ({ replicator }, job) => replicator.run(job));
  const refused = await call([...db, '--cutover', '--json']);
  expect(refused.error).toMatchObject({ code: 'job.state', message: expect.stringContaining('--accept disks.') });
  expect(JSON.parse(refused.out).recovered).toEqual([]);
  expect((await call(db)).err).toContain('An interrupted run was resumed');
  await killedAt('cutover:final-run:entered', ({ replicator }, job) => replicator.cutover(job));
  const done = await call([...db, '--cutover', '--json']);
  try {
    expect(done.error).toBeUndefined();
    expect(JSON.parse(done.out)).toMatchObject({ recovered: [{ outcome: 'done' }], cutover: { state: 'done' } });
  } finally {
    expect((await call([...db, '--rollback'])).error).toBeUndefined();
  }
});

test('--accept takes the codes of checks, and belongs to a cutover', async () => {
  const refused = async (...args: string[]) => {
    const { error } = await call(args);
    expect(error).toMatchObject({ code: 'argument.invalid', field: 'accept' });
    return error!.message;
  };
  expect(await refused('--cutover', '--accept', 'disks,nonsense')).toMatch(/'nonsense'.*snapshots, tracking, disks/);
  expect(await refused('--accept', 'all')).toContain('--cutover');
  expect(await refused('--rollback', '--accept', 'all')).toContain('--cutover');
  expect(existsSync(to)).toBe(false);
});
