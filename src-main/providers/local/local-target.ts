import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { syncFolder } from '../../../workers/blocks/durable-file.ts';
import { journalToManifest } from '../../../workers/blocks/journal.ts';
import { type ErrorCode, OctopusError, toOctopusError } from '../../../workers/octopus-error.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import type { RecoveryPoint } from '../../domain/recovery-point.ts';
import type { MachineAtTarget, ReplicaDisk, ReplicaHandle, TargetProvider } from '../target.ts';
import { domainXml } from './domain-xml.ts';
import { guarded, makeFolderWithin, namesIn, sweepTemporary, temporaryDone, temporaryName, writeAndSync } from './file-system.ts';
import { freezeImage } from './freeze-image.ts';
import { isSafeName, type MachineFolders, machineFolders, replicaImage, replicaJournal, safeName } from './layout.ts';
import { lockMachine } from './machine-lock.ts';
import { observeBoot } from './qemu/observe-boot.ts';
import type { QemuOptions } from './qemu/qemu-programs.ts';
import { startedMachines, startedPoints, startMachine, stopMachine } from './qemu/started-machine.ts';
import { isFileName, readPointMachine, readRecoveryPoint } from './recovery-point-file.ts';

export interface LocalTargetOptions {
  folder: string;
  /** Makes `folder` itself (not its parents) when it is missing; otherwise a missing folder is `target.missing`. */
  createFolder?: boolean;
  qemu?: QemuOptions;
}

export interface LocalTarget extends TargetProvider {
  /** Points that recoveryPoints() leaves out because they are damaged, and what is wrong with them. */
  damagedPoints(machineId: string): Promise<{ id: string; error: OctopusError }[]>;
}

/** Replicas as raw images in a folder (layout.ts says how it looks). */
export function createLocalTarget(options: LocalTargetOptions): LocalTarget {
  const root = resolve(options.folder);
  const locks = new Map<string, Promise<() => Promise<void>>>();

  const hold = async (folders: MachineFolders): Promise<void> => {
    let lock = locks.get(folders.lock);
    if (lock === undefined) {
      lock = lockMachine(folders.lock);
      locks.set(folders.lock, lock);
      lock.catch(() => locks.delete(folders.lock));
    }
    await lock;
  };

  const pointFolder = (machineId: string, pointId: string): string =>
    join(machineFolders(root, machineId).points, safeName('recovery point', pointId));

  /** The point with its machine and images, checked. */
  const openPoint = async (machineId: string, pointId: string) => {
    const folder = pointFolder(machineId, pointId);
    await existing(folder, `There is no recovery point ${pointId} of machine ${machineId} in ${root}.`);
    const point = await readRecoveryPoint(folder, pointId);
    const images = point.disks.map((disk) => ({ key: disk.key, path: join(folder, disk.image) }));
    return { folders: machineFolders(root, machineId), pointId, machine: await readPointMachine(folder), images };
  };

  const allPoints = async (machineId: string): Promise<{ whole: RecoveryPoint[]; damaged: { id: string; error: OctopusError }[] }> => {
    await existing(root, `The target folder ${root} does not exist; is its disk mounted?`);
    const { points } = machineFolders(root, machineId);
    const whole: RecoveryPoint[] = [];
    const damaged: { id: string; error: OctopusError }[] = [];
    for (const id of await namesIn(points)) {
      if (id.startsWith('.')) continue;
      try {
        whole.push(await readRecoveryPoint(join(points, id), id));
      } catch (error) {
        damaged.push({ id, error: toOctopusError(error, 'target.missing') });
      }
    }
    whole.sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt) || (a.id < b.id ? 1 : -1));
    return { whole, damaged };
  };

  return {
    prepareReplica: (machineId, disks) =>
      guarded(`The replica of ${machineId} cannot be prepared in ${root}`, async () => {
        const folders = machineFolders(root, machineId);
        if (options.createFolder) await mkdir(root).catch(ignore('EEXIST'));
        await makeFolderWithin(root, folders.replica);
        await hold(folders);
        await sweepTemporary(folders.points);
        const handles: ReplicaHandle[] = [];
        for (const disk of disks) handles.push(await prepareDisk(folders, disk));
        await syncFolder(folders.replica);
        return handles;
      }),

    commit: (machineId, machine, point, signal) =>
      guarded(`Recovery point ${point.id} of ${machine.name} cannot be written to ${root}`, async () => {
        const folders = machineFolders(root, machineId);
        const final = pointFolder(machineId, point.id);
        await existing(root, `The target folder ${root} does not exist; is its disk mounted?`);
        await makeFolderWithin(root, folders.points);
        await hold(folders);
        await sweepTemporary(folders.points);
        const before = await readRecoveryPoint(final, point.id).catch(() => undefined);
        if (before !== undefined) {
          if (before.runId === point.runId) return;
          throw new OctopusError(
            'target.write',
            `Recovery point ${point.id} exists already and is of run ${before.runId}, not ${point.runId}.`,
          );
        }
        await asTemporary(folders.points, point.id, async (temporary) => {
          await writePoint(folders, temporary, final, machine, point, signal);
          signal?.throwIfAborted();
          // Only a damaged point can stand here: what was checked above.
          await removeByRename(folders.points, point.id);
          await rename(temporary, final);
          await syncFolder(folders.points);
        });
        await removeForgottenReplicas(folders, point);
      }),

    recoveryPoints: (machineId) => guarded(`The recovery points in ${root} cannot be read`, async () => (await allPoints(machineId)).whole),

    damagedPoints: (machineId) =>
      guarded(`The recovery points in ${root} cannot be read`, async () => (await allPoints(machineId)).damaged),

    prune: (machineId, keep) =>
      guarded(`Recovery points in ${root} cannot be removed`, async () => {
        if (!Number.isInteger(keep))
          throw new OctopusError('argument.invalid', `${keep} is no number of recovery points.`, { field: 'keep' });
        const folders = machineFolders(root, machineId);
        await sweepTemporary(folders.points);
        const { whole } = await allPoints(machineId);
        const started = new Set(await startedPoints(folders));
        const removed: string[] = [];
        for (const { id } of whole.slice(Math.max(1, keep))) {
          if (started.has(id)) continue;
          await removeByRename(folders.points, id);
          await rm(join(folders.evidence, id), { recursive: true, force: true });
          removed.push(id);
        }
        return removed;
      }),

    pointDisks: (machineId, pointId) =>
      guarded(`Recovery point ${pointId} cannot be read`, async () => {
        const folder = pointFolder(machineId, pointId);
        const { images } = await openPoint(machineId, pointId);
        const { disks } = await readRecoveryPoint(folder, pointId);
        return images.map(({ key, path }) => ({
          key,
          readBack: { kind: 'file' as const, path, direct: true },
          manifest: join(folder, disks.find((disk) => disk.key === key)!.manifest),
        }));
      }),

    remove: (machineId) =>
      guarded(`What ${root} holds of ${machineId} cannot be removed`, async () => {
        await existing(root, `The target folder ${root} does not exist; is its disk mounted?`);
        const folders = machineFolders(root, machineId);
        await sweepTemporary(root);
        if ((await namesIn(folders.machine)).length === 0) return;
        if ((await startedPoints(folders)).length > 0) {
          throw new OctopusError(
            'job.state',
            'The machine runs at the target from its replica: stop it first, by rolling its cutover back or when its migration is removed.',
          );
        }
        await hold(folders);
        const release = locks.get(folders.lock);
        locks.delete(folders.lock);
        await (await release)?.();
        const name = temporaryName(`removed-${machineId}`);
        try {
          // Gone at once for every reader, then removed.
          await rename(folders.machine, join(root, name));
          await syncFolder(root);
          await rm(join(root, name), { recursive: true, force: true });
        } finally {
          temporaryDone(name);
        }
      }),

    observeBoot: (machineId, pointId, expectation, signal) =>
      guarded(`Recovery point ${pointId} cannot be observed`, async () =>
        observeBoot(await openPoint(machineId, pointId), expectation, options.qemu ?? {}, signal),
      ),

    start: (machineId, pointId, signal) =>
      guarded(`Recovery point ${pointId} cannot be started`, async () =>
        startMachine(await openPoint(machineId, pointId), options.qemu ?? {}, signal),
      ),

    startedFrom: (machineId, pointId) =>
      guarded(`What was started from recovery point ${pointId} cannot be read`, async () =>
        (await startedPoints(machineFolders(root, machineId))).find((id) => id === pointId),
      ),

    started: (machineId) =>
      guarded(`What was started in ${root} cannot be read`, async () => startedPoints(machineFolders(root, machineId))),

    startedMachines: () =>
      guarded(`What was started in ${root} cannot be read`, async () => {
        await existing(root, `The target folder ${root} does not exist; is its disk mounted?`);
        const machines: MachineAtTarget[] = [];
        for (const { name: machineId } of (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory())) {
          // Folders of others beside ours.
          if (isSafeName(machineId)) machines.push(...(await startedMachines(machineFolders(root, machineId), machineId)));
        }
        return machines;
      }),

    stop: (machineId, handle) =>
      guarded(`The started machine ${handle} cannot be stopped`, async () =>
        stopMachine(machineFolders(root, machineId), safeName('handle', handle)),
      ),

    async [Symbol.asyncDispose]() {
      const releases = await Promise.allSettled(locks.values());
      locks.clear();
      for (const release of releases) if (release.status === 'fulfilled') await release.value();
    },
  };
}

async function prepareDisk(folders: MachineFolders, disk: ReplicaDisk): Promise<ReplicaHandle> {
  const image = replicaImage(folders, disk.key);
  const journal = replicaJournal(folders, disk.key);
  const handle = await open(image, 'r+').catch(ignore('ENOENT'));
  const blank = handle === undefined;
  // A journal without its image would tell of blocks that are gone: it goes before the new image comes.
  if (blank) {
    await rm(journal, { force: true });
    await syncFolder(folders.replica);
  }
  const file = handle ?? (await open(image, 'wx'));
  try {
    if ((await file.stat()).size !== disk.capacity) {
      await file.truncate(disk.capacity);
      await file.sync();
    }
  } finally {
    await file.close();
  }
  return {
    key: disk.key,
    sink: { kind: 'raw', path: image, size: disk.capacity },
    readBack: { kind: 'file', path: image, direct: true },
    journal,
    blank,
  };
}

async function writePoint(
  folders: MachineFolders,
  temporary: string,
  final: string,
  machine: MachineInventory,
  point: RecoveryPoint,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const disk of point.disks) {
    signal?.throwIfAborted();
    if (!isFileName(disk.image) || !isFileName(disk.manifest)) {
      throw new OctopusError('argument.invalid', `Disk ${disk.key} names files that are not its own: ${disk.image}, ${disk.manifest}.`, {
        field: 'point',
      });
    }
    const image = replicaImage(folders, disk.key);
    const size = (await stat(image)).size;
    if (size !== disk.capacity) {
      throw new OctopusError('target.write', `The replica ${image} has ${size} bytes and the disk ${disk.capacity}; replicate it again.`);
    }
    const manifest = await journalToManifest(replicaJournal(folders, disk.key), join(temporary, disk.manifest));
    if (manifest.root !== disk.manifestRoot || manifest.algorithm !== disk.algorithm) {
      throw new OctopusError('manifest.invalid', `What the journal of disk ${disk.key} proves is not what the run says it copied.`, {
        details: { journal: manifest.root, run: disk.manifestRoot },
      });
    }
    await freezeImage(image, join(temporary, disk.image), manifest, signal);
  }
  const images = point.disks.map((disk) => ({ key: disk.key, path: join(final, disk.image) }));
  await writeAndSync(join(temporary, 'machine.json'), `${JSON.stringify(machine, null, 2)}\n`);
  await writeAndSync(join(temporary, 'domain.xml'), domainXml(machine, images));
  await writeAndSync(join(temporary, 'point.json'), `${JSON.stringify(point, null, 2)}\n`);
  await syncFolder(temporary);
}

/** Whatever happens, nothing half-made stays. */
async function asTemporary(folder: string, what: string, work: (path: string) => Promise<void>): Promise<void> {
  const name = temporaryName(what);
  const path = join(folder, name);
  try {
    await mkdir(path);
    await work(path);
  } finally {
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
    temporaryDone(name);
  }
}

/** Gone at once for every reader, then removed. */
async function removeByRename(points: string, id: string): Promise<void> {
  const name = temporaryName(`removed-${id}`);
  try {
    await rename(join(points, id), join(points, name));
    await syncFolder(points);
    await rm(join(points, name), { recursive: true, force: true });
  } catch (error) {
    ignore('ENOENT')(error as NodeJS.ErrnoException);
  } finally {
    temporaryDone(name);
  }
}

/** Disks that the machine no longer has. */
async function removeForgottenReplicas(folders: MachineFolders, point: RecoveryPoint): Promise<void> {
  const keys = new Set(point.disks.map((disk) => String(disk.key)));
  for (const name of await namesIn(folders.replica)) {
    const key = /^(\d+)\.(raw|journal)$/.exec(basename(name))?.[1];
    if (key !== undefined && !keys.has(key)) await rm(join(folders.replica, name), { force: true });
  }
}

async function existing(path: string, message: string, code: ErrorCode = 'target.missing'): Promise<void> {
  const found = await stat(path).catch(ignore('ENOENT'));
  if (!found?.isDirectory()) throw new OctopusError(code, message);
}

function ignore(code: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (error.code !== code) throw error;
    return undefined;
  };
}
