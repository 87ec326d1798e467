import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LabVcenter, type LabVcenterOptions, startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { openOctopus } from '../octopus.ts';
import { replicateCommand } from './replicate.ts';
import { tryCommand } from './testing/run-command.ts';

const MiB = 2 ** 20;
let folder: string;
let to: string;
let lab: LabVcenter;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-rollback-test-'));
  to = join(folder, 'replicas');
});
afterEach(async () => {
  // Where a test failed half way, its replica may still run.
  await withOctopus(undefined, async (octopus) => {
    const [target] = await octopus.store.targets.list();
    if (target === undefined) return;
    const provider = await octopus.target(target.id);
    for (const handle of await provider.started(replica())) await provider.stop(replica(), handle);
  });
  await lab.close();
  await rm(folder, { recursive: true, force: true });
});

const machine = () => lab.world.machineByName('web')!;
const replica = () => machine().instanceUuid;
const connection = () => ({ url: lab.url, username: lab.username, password: lab.password, thumbprint: lab.thumbprint });

async function cutOver(options: LabVcenterOptions = {}): Promise<void> {
  const machines = [{ name: 'web', disks: [{ size: 2 * MiB, fill: 1 }] }];
  lab = await startLabVcenter({ seed: 3, machines, taskMs: 2, consolidationMs: 5, guestShutdownMs: 5, ...options });
  await writeFile(join(folder, 'lab.json'), JSON.stringify(connection()));
  expect((await call('--cutover')).error).toBeUndefined();
  expect(machine().powerState).toBe('poweredOff');
  expect(await started()).toHaveLength(1);
}

async function call(...args: string[]) {
  return callWith(new AbortController().signal, ...args);
}

async function callWith(signal: AbortSignal, ...args: string[]) {
  const { error, out, err } = await tryCommand(
    replicateCommand,
    ['--info', join(folder, 'lab.json'), '--machine', 'web', '--to', to, ...args],
    { signal },
  );
  return { error, out: out.join('\n'), err: err.join('\n') };
}

async function withOctopus<Result>(
  crashpoint: ((name: string) => Promise<void> | undefined) | undefined,
  work: (octopus: Awaited<ReturnType<typeof openOctopus>>) => Promise<Result>,
): Promise<Result> {
  const octopus = await openOctopus({ stateFolder: to, threads: 1, ...(crashpoint && { crashpoint }) });
  try {
    return await work(octopus);
  } finally {
    await octopus.close();
  }
}

/** What runs at the target. */
function started(): Promise<readonly string[]> {
  return withOctopus(undefined, async (octopus) => {
    const target = await octopus.addLocalTarget(to);
    return (await octopus.target(target.id)).started(replica());
  });
}

/** A rollback that is as dead at this point as one whose process was killed there. */
async function killRollbackAt(point: string): Promise<void> {
  const reached = Promise.withResolvers<void>();
  const crashpoint = (name: string) => (name === point ? new Promise<void>(() => reached.resolve()) : undefined);
  await withOctopus(crashpoint, async (octopus) => {
    const source = await octopus.addSource(connection());
    const target = await octopus.addLocalTarget(to);
    const job = await octopus.addJob(source.id, 'web', target.id);
    octopus.replicator.rollback(job.id).catch(reached.reject);
    await reached.promise;
  });
}

async function expectRolledBack(): Promise<void> {
  expect(machine().powerState).toBe('poweredOn');
  expect(await started()).toEqual([]);
  expect((await call('--rollback')).error).toMatchObject({ code: 'job.state', message: expect.stringContaining('nothing to roll back') });
}

const points = ['entered', 'stopped', 'powered-on'].map((name) => `cutover:roll-back:${name}`);

test.each(points)('a rollback that was killed at %s: the same command ends it, and says so', async (point) => {
  await cutOver();
  await killRollbackAt(point);
  const again = await call('--rollback', '--json');
  expect(again.error).toBeUndefined();
  expect(again.err).toMatch(/web: rolled back\. .*stopped at the target.* powered on again/);
  expect(JSON.parse(again.out)).toMatchObject({ proven: true, cutover: { state: 'rolled-back' }, recovered: [{ outcome: 'rolled-back' }] });
  await expectRolledBack();
});

test('Ctrl+C at any time of a rollback: the same command ends it', async () => {
  await cutOver();
  const abort = new AbortController();
  abort.abort(new DOMException('Stopped by SIGINT', 'AbortError'));
  expect((await callWith(abort.signal, '--rollback')).error).toMatchObject({ code: 'operation.cancelled' });
  await killRollbackAt('cutover:roll-back:entered');
  // While an earlier one is ended, too.
  const second = new AbortController();
  const powerOn = machine().powerOn.bind(machine());
  machine().powerOn = () => {
    second.abort(new DOMException('Stopped by SIGINT', 'AbortError'));
    return powerOn();
  };
  const stopped = await callWith(second.signal, '--rollback');
  expect(stopped.error).toMatchObject({ code: 'operation.cancelled', message: expect.stringContaining('The same command continues') });
  const again = await call('--rollback');
  expect(again.error).toBeUndefined();
  expect(again.out).toContain('web: rolled back.');
  await expectRolledBack();
});

test('a rollback that still cannot be ended says why, not that there is nothing to roll back', async () => {
  await cutOver({
    faults: { rules: [{ operation: 'task:PowerOnVM_Task', nth: [1, 2, 3], action: { kind: 'taskFault', fault: 'NotSupported' } }] },
  });
  for (let time = 1; time <= 3; time++) {
    const { error } = await call('--rollback');
    expect(error, `time ${time}`).toBeDefined();
    expect(error!.message, `time ${time}`).toContain('NotSupported');
    expect(error!.message).not.toContain('nothing to roll back');
    expect(machine().powerState).toBe('poweredOff');
  }
  expect((await call('--rollback')).error).toBeUndefined();
  await expectRolledBack();
});

test('a cutover after a rollback that was killed is another one, not told as done', async () => {
  await cutOver();
  await killRollbackAt('cutover:roll-back:entered');
  const { error, out } = await call('--cutover', '--json');
  expect(error).toBeUndefined();
  const outcome = JSON.parse(out);
  expect(outcome.recovered).toMatchObject([{ outcome: 'rolled-back' }]);
  expect(outcome.cutover).toMatchObject({ state: 'done' });
  expect(outcome.cutover.id).not.toBe(outcome.recovered[0].id);
  expect(machine().powerState).toBe('poweredOff');
  expect(await started()).toHaveLength(1);
  expect((await call('--rollback')).error).toBeUndefined();
});
