import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { type LabVcenter, startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { digestOf, isZero } from '../../workers/blocks/digest.ts';
import { blockState, isSettled, openJournal } from '../../workers/blocks/journal.ts';
import { BLOCK_SIZE, readManifest } from '../../workers/blocks/manifest.ts';
import { randomFrom } from '../../workers/testing/random-from.ts';
import type { ChildLine, ChildTask } from './testing/crash-child.ts';

const KILLS = 50;
const MiB = 2 ** 20;
const CHECKPOINT = 2 * MiB;
const seed = Number(process.env.OCTOPUS_SEED ?? 20_250_101);

test(`killed at ${KILLS} random points of runs and cutovers, everything ends identical (seed ${seed})`, async () => {
  const random = randomFrom(seed);
  const folder = await mkdtemp(join(tmpdir(), 'octopus-crash-'));
  const program = resolve('dist', `crash-child-${process.pid}.mjs`);
  const target = join(folder, 'target');
  const lab = await startLabVcenter({
    seed,
    machines: [
      {
        name: 'web',
        disks: [
          { size: 18 * MiB, fill: 1 },
          { size: 5 * MiB + 512, fill: 2 },
        ],
      },
    ],
    taskMs: 15,
    consolidationMs: 40,
    guestShutdownMs: 30,
  });
  const guest = watchGuest(lab, random);
  const children = new Set<ChildProcess>();
  let kills = 0;
  let completed = 0;
  let interrupted = 0;
  const outcomes = new Map<string, number>();
  /** Milliseconds that a whole child takes, and its slowest start: kills are spread over what lies between. */
  let usual = 2500;
  try {
    await build({
      entryPoints: ['src-main/replication/testing/crash-child.ts'],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'warning',
    });
    let replicas: { key: number; image: string; journal: string }[] = [];
    // The schedule is worth something only where kills hit runs and cutovers in their middle; when they fall is a matter of time.
    const reached = () => completed > 5 && (outcomes.get('run resumed') ?? 0) > 3 && (outcomes.get('cutover done') ?? 0) > 0;
    while (kills < KILLS || interrupted > 0 || (!reached() && kills < 4 * KILLS)) {
      guest.write();
      const cutOver = guest.machine.powerState === 'poweredOff';
      const operation =
        interrupted > 0 && random() < 0.7 ? 'run' : cutOver ? (random() < 0.5 ? 'rollback' : 'run') : random() < 0.5 ? 'cutover' : 'run';
      const task: ChildTask = {
        connection: { url: lab.url, username: lab.username, password: lab.password, thumbprint: lab.thumbprint },
        machine: 'web',
        folder: target,
        operation,
        checkpointBytes: CHECKPOINT,
        limit: 40 * MiB,
      };
      await writeFile(join(folder, 'task.json'), JSON.stringify(task));
      const before = new Map(
        await Promise.all(replicas.map(async ({ key, image }) => [key, await readFile(image).catch(() => Buffer.alloc(0))] as const)),
      );
      const started = performance.now();
      const child = spawn(process.execPath, [program, join(folder, 'task.json')], { stdio: ['ignore', 'pipe', 'pipe'] });
      children.add(child);
      let errors = '';
      child.stderr.on('data', (data) => {
        errors += String(data);
      });
      const lines: ChildLine[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as ChildLine));
      const ended = new Promise<{ code: number | null; signal: string | null }>((done) =>
        child.on('close', (code, signal) => done({ code, signal })),
      );
      const willKill = (kills < KILLS || !reached()) && interrupted < 4 && random() < 0.9;
      // The first quarter of its life is spent on starting.
      const killer = willKill ? setTimeout(() => child.kill('SIGKILL'), usual * (0.2 + random() * 0.65)) : undefined;
      const { code, signal } = await ended;
      clearTimeout(killer);
      children.delete(child);
      for (const line of lines) {
        if (line.type === 'replicas') replicas = line.disks;
        if (line.type === 'recovered')
          for (const { what, outcome } of line.recovered) outcomes.set(`${what} ${outcome}`, (outcomes.get(`${what} ${outcome}`) ?? 0) + 1);
      }
      if (signal === 'SIGKILL') {
        kills++;
        interrupted++;
        for (const { key, image, journal } of replicas) {
          const lost = await unsavedBytes(image, journal, before.get(key));
          expect(lost, `kill ${kills}: bytes of disk ${key} that were sent and are sent again`).toBeLessThanOrEqual(CHECKPOINT);
        }
        continue;
      }
      expect(code, `${operation} after kill ${kills}: ${errors}`).toBe(0);
      usual = usual * 0.7 + (performance.now() - started) * 0.3;
      completed++;
      interrupted = 0;
      const done = lines.find((line) => line.type === 'done')!;
      await guest.settled();
      expect(guest.ownSnapshots(), `after kill ${kills}`).toEqual([]);
      const cut = done.jobState === 'cut-over';
      expect(guest.machine.powerState).toBe(cut ? 'poweredOff' : 'poweredOn');
      expect(await stat(join(target, 'running')).then(Boolean, () => false)).toBe(cut);
      await expectIdentical(done.points, target, guest.truth);
    }
    console.info(
      `seed ${seed}: ${kills} kills, ${completed} operations ended, ${[...outcomes].map(([what, times]) => `${what} ${times}`).join(', ')}`,
    );
    expect(reached(), JSON.stringify([completed, ...outcomes])).toBe(true);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    guest.stop();
    await lab.close();
    await rm(folder, { recursive: true, force: true });
    await rm(program, { force: true });
  }
});

/** A guest that keeps writing, and the truth of each own snapshot, taken from the lab's world when it appears. */
function watchGuest(lab: LabVcenter, random: () => number) {
  const machine = lab.world.machineByName('web')!;
  const truth = new Map<string, Map<number, Buffer>>();
  const own = () => [...machine.snapshots.values()].filter(({ name }) => name.startsWith('octopus-'));
  const look = () => {
    for (const snapshot of own()) {
      const runId = snapshot.name.slice('octopus-'.length);
      if (truth.has(runId) || runId.endsWith('-tracking')) continue;
      truth.set(runId, new Map(machine.disks.map((disk) => [disk.key, disk.readAt(snapshot.ref, 0, disk.capacity)])));
      // Older runs than those that may still have a point are of no use.
      for (const old of [...truth.keys()].slice(0, -12)) truth.delete(old);
    }
  };
  const unsubscribe = lab.world.changes.subscribe(look);
  const writeSome = (most: number, random: () => number) => {
    if (machine.powerState !== 'poweredOn') return;
    const disk = machine.disks[random() < 0.75 ? 0 : 1]!;
    const length = 512 * Math.ceil((random() * most) / 512);
    const offset = 512 * Math.floor((random() * (disk.capacity - length)) / 512);
    disk.write(offset, Buffer.alloc(length, Math.floor(random() * 4) * 61));
  };
  // Randomness of its own: how often it runs depends on time, and the schedule must not.
  const small = randomFrom(seed + 1);
  const timer = setInterval(() => writeSome(8192, small), 40);
  return {
    machine,
    truth,
    write() {
      for (let count = 0; count < 5; count++) writeSome(3 * MiB, random);
    },
    ownSnapshots: () => own().map(({ name }) => name),
    /** The removal's task ends before the consolidation does. */
    async settled() {
      while (machine.consolidationNeeded) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    stop() {
      clearInterval(timer);
      unsubscribe();
    },
  };
}

/** Bytes that this process wrote and that its journal does not tell of. What the journal does tell must be true. */
async function unsavedBytes(image: string, path: string, before: Buffer | undefined): Promise<number> {
  const now = await readFile(image).catch(() => undefined);
  if (!now || (await stat(path).catch(() => undefined)) === undefined) return 0;
  const journal = await openJournal(path);
  try {
    let bytes = 0;
    for (let block = 0; block < journal.blocks; block++) {
      const current = now.subarray(block * BLOCK_SIZE, (block + 1) * BLOCK_SIZE);
      const state = journal.state(block);
      const told = state !== blockState.unknown && journal.digest(block).equals(digestOf(current));
      if (isSettled(state)) expect(told, `block ${block} is on record, so it must be there`).toBe(true);
      // What an earlier process left here was counted when that one was killed.
      else if (!told) bytes += changedBytes(before?.subarray(block * BLOCK_SIZE, (block + 1) * BLOCK_SIZE), current);
    }
    return bytes;
  } finally {
    await journal.close();
  }
}

/** Of the sectors that changed those that hold data: to a blank target only the parts of a block that hold any are sent, and zeroing costs no bytes. */
function changedBytes(old: Buffer | undefined, current: Buffer): number {
  let bytes = 0;
  for (let at = 0; at < current.length; at += 512) {
    const sector = current.subarray(at, at + 512);
    if (!isZero(sector) && !(old?.subarray(at, at + 512).equals(sector) ?? false)) bytes += sector.length;
  }
  return bytes;
}

/** Every point that the target holds is the source at that run's snapshot, byte for byte, and so is its manifest. */
async function expectIdentical(
  points: { id: string; runId: string; disks: { key: number; root: string }[] }[],
  target: string,
  truth: Map<string, Map<number, Buffer>>,
): Promise<void> {
  expect(points.length).toBeGreaterThan(0);
  const files = await readdir(target, { recursive: true });
  for (const { id, runId, disks } of points.slice(0, 1)) {
    const expected = truth.get(runId);
    expect(expected, `truth of run ${runId}`).toBeDefined();
    for (const { key, root } of disks) {
      const inPoint = (ending: string) => join(target, files.find((file) => file.includes(id) && file.endsWith(`/${key}.${ending}`))!);
      expect(readFileSync(inPoint('raw')).equals(expected!.get(key)!), `disk ${key} of point ${id}`).toBe(true);
      expect((await readManifest(inPoint('manifest'))).root).toBe(root);
    }
  }
}
