/**
 * The folder of a local target:
 *
 *   <folder>/<machineId>/
 *     lock                      process that writes here (pid and its start time)
 *     replica/<key>.raw         working replica of a disk: what runs write to, may be torn while one runs
 *     replica/<key>.journal     its block journal (workers/blocks/journal.ts)
 *     points/<id>/              a recovery point: appears by one rename, is never written to again
 *       point.json                the RecoveryPoint
 *       machine.json              the MachineInventory at that time
 *       <key>.raw                 image of a disk
 *       <key>.manifest            its digests (workers/blocks/manifest.ts)
 *       domain.xml                the machine for libvirt
 *     points/.tmp-<pid>-…       a point in the making or being removed; swept once its process is gone
 *     evidence/<id>/            of the last boot observation of a point: console.log, screen.png, observation.json
 *     running/<handle>/         a started machine: overlay of each disk, UEFI variables, qemu.pid, console.log, started.json
 */
import { join, resolve } from 'node:path';
import { OctopusError } from '../../../workers/octopus-error.ts';

export interface MachineFolders {
  machine: string;
  lock: string;
  replica: string;
  points: string;
  evidence: string;
  running: string;
}

export function machineFolders(folder: string, machineId: string): MachineFolders {
  const machine = join(resolve(folder), safeName('machineId', machineId));
  return {
    machine,
    lock: join(machine, 'lock'),
    replica: join(machine, 'replica'),
    points: join(machine, 'points'),
    evidence: join(machine, 'evidence'),
    running: join(machine, 'running'),
  };
}

export const replicaImage = (folders: MachineFolders, key: number): string => join(folders.replica, `${key}.raw`);
export const replicaJournal = (folders: MachineFolders, key: number): string => join(folders.replica, `${key}.journal`);

export const isSafeName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/.test(text);

/** Ids become folder names: nothing that could leave the folder, hide or clash with names of ours. */
export function safeName(field: string, text: string): string {
  if (!isSafeName(text)) {
    throw new OctopusError(
      'argument.invalid',
      `The ${field} '${text}' cannot name a folder: letters, digits and . _ @ + - only, at most 128 of them.`,
      { field },
    );
  }
  return text;
}
