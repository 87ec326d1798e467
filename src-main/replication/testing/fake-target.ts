import { copyFile, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { journalToManifest } from '../../../workers/blocks/journal.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import type { RecoveryPoint } from '../../domain/recovery-point.ts';
import type {
  BootExpectation,
  BootObservation,
  MachineAtTarget,
  PointDisk,
  ReplicaDisk,
  ReplicaHandle,
  StartedMachine,
  TargetProvider,
} from '../../providers/target.ts';

/** A target in a folder, for the tests of the engine itself: raw images, points as copies, machines that only say that they run. */
export class FakeTarget implements TargetProvider {
  readonly calls: string[] = [];
  /** Thrown by the next call of the method of that name. */
  readonly failures: { method: string; error: OctopusError }[] = [];
  boots = true;
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  image(key: number): string {
    return join(this.folder, `replica-${key}.raw`);
  }

  pointImage(point: RecoveryPoint, key: number): string {
    return join(this.folder, 'points', point.id, point.disks.find((disk) => disk.key === key)!.image);
  }

  async isRunning(): Promise<boolean> {
    return (await stat(join(this.folder, 'running')).catch(() => undefined)) !== undefined;
  }

  async prepareReplica(_machine: string, disks: ReplicaDisk[]): Promise<ReplicaHandle[]> {
    this.begin('prepareReplica');
    const handles: ReplicaHandle[] = [];
    for (const { key, capacity } of disks) {
      const path = this.image(key);
      const journal = join(this.folder, `replica-${key}.journal`);
      const blank = (await stat(path).catch(() => undefined)) === undefined;
      if (blank) {
        await rm(journal, { force: true });
        await writeFile(path, '');
      }
      await truncate(path, capacity);
      handles.push({ key, sink: { kind: 'raw', path, size: capacity }, readBack: { kind: 'file', path }, journal, blank });
    }
    return handles;
  }

  async commit(_machine: string, _inventory: MachineInventory, point: RecoveryPoint): Promise<void> {
    this.begin('commit');
    const temporary = join(this.folder, `point-${point.id}.tmp`);
    const place = join(this.folder, 'points', point.id);
    const known = (await this.recoveryPoints()).find(({ id }) => id === point.id);
    if (known && known.runId !== point.runId) throw new OctopusError('target.write', `The point ${point.id} is of another run.`);
    if (known) return;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    for (const { key, image, manifest } of point.disks) {
      await copyFile(this.image(key), join(temporary, image));
      await journalToManifest(join(this.folder, `replica-${key}.journal`), join(temporary, manifest));
    }
    await writeFile(join(temporary, 'point.json'), JSON.stringify(point));
    await mkdir(join(this.folder, 'points'), { recursive: true });
    await rename(temporary, place);
  }

  async recoveryPoints(): Promise<RecoveryPoint[]> {
    const names = await readdir(join(this.folder, 'points')).catch(() => []);
    const points = await Promise.all(
      names.map(async (name) => JSON.parse(await readFile(join(this.folder, 'points', name, 'point.json'), 'utf8')) as RecoveryPoint),
    );
    return points.sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt));
  }

  async prune(_machine: string, keep: number): Promise<string[]> {
    this.begin('prune');
    const old = (await this.recoveryPoints()).slice(Math.max(1, keep));
    for (const { id } of old) await rm(join(this.folder, 'points', id), { recursive: true });
    return old.map(({ id }) => id);
  }

  async pointDisks(_machine: string, id: string): Promise<PointDisk[]> {
    this.begin('pointDisks');
    const point = (await this.recoveryPoints()).find((one) => one.id === id);
    if (!point) throw new OctopusError('target.missing', `There is no recovery point ${id}.`);
    const place = join(this.folder, 'points', id);
    return point.disks.map(({ key, image, manifest }) => ({
      key,
      readBack: { kind: 'file', path: join(place, image) },
      manifest: join(place, manifest),
    }));
  }

  async remove(): Promise<void> {
    this.begin('remove');
    for (const name of await readdir(this.folder)) await rm(join(this.folder, name), { recursive: true });
  }

  async observeBoot(_machine: string, _point: string, expectation: BootExpectation): Promise<BootObservation> {
    this.begin('observeBoot');
    return {
      passed: this.boots,
      evidence: this.boots ? `Saw ${expectation.console}` : 'In the time given, nothing was seen; the console stayed empty',
      tookMs: 1,
      artifacts: [],
    };
  }

  async start(_machine: string, point: string): Promise<StartedMachine> {
    this.begin('start');
    await writeFile(join(this.folder, 'running'), point);
    return { handle: `run-${point}`, where: `fake:${point}` };
  }

  async startedFrom(_machine: string, point: string): Promise<string | undefined> {
    this.begin('startedFrom');
    const started = await readFile(join(this.folder, 'running'), 'utf8').catch(() => undefined);
    return started === point ? `run-${point}` : undefined;
  }

  async started(): Promise<string[]> {
    const started = await readFile(join(this.folder, 'running'), 'utf8').catch(() => undefined);
    return started === undefined ? [] : [`run-${started}`];
  }

  async startedMachines(): Promise<MachineAtTarget[]> {
    const started = (await this.started())[0];
    const since = new Date(0).toISOString();
    return started === undefined ? [] : [{ machineId: 'instance-1', handle: started, name: 'web', running: true, since, where: 'fake' }];
  }

  async stop(): Promise<void> {
    this.begin('stop');
    await rm(join(this.folder, 'running'), { force: true });
  }

  async [Symbol.asyncDispose]() {}

  private begin(method: string): void {
    this.calls.push(method);
    const index = this.failures.findIndex((failure) => failure.method === method);
    if (index >= 0) throw this.failures.splice(index, 1)[0]!.error;
  }
}
