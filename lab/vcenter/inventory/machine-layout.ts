import type { DataObject } from '../soap/value.ts';
import type { LabDiskView, LabMachine, World } from '../world/types.ts';
import { snapshotRef } from './refs.ts';

/** `[datastore] folder/file` in its parts. */
function splitPath(path: string): { datastore: string; folder: string; file: string } {
  const match = /^\[([^\]]*)\] (?:(.*)\/)?([^/]*)$/.exec(path);
  return { datastore: match?.[1] ?? '', folder: match?.[2] ?? '', file: match?.[3] ?? '' };
}

/** VirtualMachineFileLayoutEx: the files that the datastore really holds for these disks and snapshots. */
export function layoutEx(world: World, machine: LabMachine): DataObject {
  const files: DataObject[] = [];
  const keys = new Map<string, number>();
  const addFile = (name: string, type: string, size: number): number => {
    const known = keys.get(name);
    if (known !== undefined) return known;
    const key = files.length;
    keys.set(name, key);
    files.push({ key, name, type, size, uniqueSize: size, accessible: true });
    return key;
  };
  const folders = new Map<string, string[]>();
  const addDescriptor = (path: string): number[] => {
    const { datastore, folder, file } = splitPath(path);
    const id = `${datastore}/${folder}`;
    let names = folders.get(id);
    if (names === undefined) {
      try {
        names = world.listDatastoreFolder(datastore, folder);
      } catch {
        names = [];
      }
      folders.set(id, names);
    }
    const base = file.replace(/\.vmdk$/, '');
    const extents = names.filter(
      (name) => name.startsWith(`${base}-`) && /^(flat|delta|sesparse|rdm|rdmp)\.vmdk$/.test(name.slice(base.length + 1)),
    );
    const size = (name: string) => {
      try {
        return world.statDatastoreFile(datastore, folder === '' ? name : `${folder}/${name}`).size;
      } catch {
        return 0;
      }
    };
    const prefix = `[${datastore}] ${folder === '' ? '' : `${folder}/`}`;
    return [addFile(path, 'diskDescriptor', size(file)), ...extents.map((name) => addFile(prefix + name, 'diskExtent', size(name)))];
  };
  const diskLayout = (disk: LabDiskView): DataObject => ({
    key: disk.key,
    chain: [...disk.parentFileNames]
      .reverse()
      .concat(disk.fileName)
      .map((path) => ({ fileKey: addDescriptor(path) })),
  });
  addFile(machine.vmxPath, 'config', 4096);
  const disk = machine.disks.map(diskLayout);
  const snapshot = [...machine.snapshots.values()].map((one) => ({
    key: snapshotRef(one.ref),
    dataKey: addFile(machine.vmxPath.replace(/\.vmx$/, `-Snapshot${one.id}.vmsn`), 'snapshotData', 4096),
    memoryKey: -1,
    disk: one.disks.map(diskLayout),
  }));
  return { file: files, disk, snapshot, timestamp: new Date(world.clock.now()) };
}
