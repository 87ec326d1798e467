import type { SimulatedDisk } from './disk.ts';
import { LabFault } from './lab-fault.ts';
import { chainOf, extentFile, grainSize, type Layer, readLayer } from './layer.ts';
import type { SimulatedMachine } from './machine.ts';

/** A file as it lies on a datastore; made when it is looked at, from the machine's disks. */
interface DatastoreFile {
  path: string;
  size: number;
  locked: boolean;
  modified: number;
  read(offset: number, length: number): Buffer;
}

export interface DatastoreFiles {
  stat(datastore: string, path: string): { size: number; locked: boolean; modified: number };
  read(datastore: string, path: string, offset: number, length: number): Buffer;
  list(datastore: string, path: string): string[];
}

/** `machinesIn` answers the machine that owns a folder of a datastore; `folders` all folders of one. Undefined: no such datastore. */
export function createDatastoreFiles(folders: (datastore: string) => ReadonlyMap<string, SimulatedMachine> | undefined): DatastoreFiles {
  function machineAt(datastore: string, folder: string): SimulatedMachine | undefined {
    const all = folders(datastore);
    if (all === undefined)
      throw new LabFault('InvalidDatastorePath', `There is no datastore ${datastore}.`, { datastorePath: `[${datastore}]` });
    return all.get(folder);
  }
  function file(datastore: string, path: string): DatastoreFile {
    const slash = path.indexOf('/');
    const machine = machineAt(datastore, slash < 0 ? '' : path.slice(0, slash));
    const found = machine === undefined ? undefined : filesOf(machine, datastore).find((each) => each.path === path);
    if (found === undefined)
      throw new LabFault('FileNotFound', `File [${datastore}] ${path} was not found`, { file: `[${datastore}] ${path}` });
    return found;
  }
  return {
    stat(datastore, path) {
      const { size, locked, modified } = file(datastore, path);
      return { size, locked, modified };
    },
    read(datastore, path, offset, length) {
      const found = file(datastore, path);
      if (found.locked)
        throw new LabFault('FileLocked', `Unable to access file [${datastore}] ${path} since it is locked`, {
          file: `[${datastore}] ${path}`,
        });
      if (offset < 0 || length < 0) throw new RangeError('Offset and length are not negative.');
      return found.read(offset, Math.max(0, Math.min(length, found.size - offset)));
    },
    list(datastore, path) {
      const folder = path.replace(/\/$/, '');
      const machine = machineAt(datastore, folder);
      if (folder === '') return [...folders(datastore)!.keys()].map((name) => `${name}/`).sort();
      if (machine === undefined)
        throw new LabFault('FileNotFound', `Folder [${datastore}] ${path} was not found`, { file: `[${datastore}] ${path}` });
      return filesOf(machine, datastore)
        .map((each) => each.path.slice(folder.length + 1))
        .sort();
    },
  };
}

function textFile(path: string, text: string, modified: number, locked = false): DatastoreFile {
  const data = Buffer.from(text);
  return { path, size: data.length, locked, modified, read: (offset, length) => data.subarray(offset, offset + length) };
}

function filesOf(machine: SimulatedMachine, datastore: string): DatastoreFile[] {
  const files: DatastoreFile[] = [];
  const vmx = machine.vmxPath;
  if (vmx.startsWith(`[${datastore}] `)) {
    const lines = [
      `displayName = "${machine.name}"`,
      `firmware = "${machine.firmware}"`,
      `virtualHW.version = "${machine.hardwareVersion}"`,
    ];
    files.push(textFile(vmx.slice(datastore.length + 3), `${lines.join('\n')}\n`, machine.changedAt, machine.powerState === 'poweredOn'));
  }
  for (const disk of machine.disks) {
    if (disk.datastore !== datastore) continue;
    for (const layer of machine.layersOf(disk)) files.push(...layerFiles(machine, disk, layer));
  }
  return files;
}

function layerFiles(machine: SimulatedMachine, disk: SimulatedDisk, layer: Layer): DatastoreFile[] {
  const locked = machine.isLocked(disk, layer);
  const { capacity } = disk;
  const isBase = layer.parent === undefined;
  const files = [textFile(layer.file, descriptorText(disk, layer), layer.modified)];
  // A physical RDM is a pointer to a LUN: there is no extent to be read on the datastore.
  if (isBase && disk.backing === 'flat') {
    files.push({
      path: extentFile(layer),
      size: capacity,
      locked,
      modified: layer.modified,
      read: (offset, length) => readLayer(layer, offset, length),
    });
  } else if (!isBase) {
    files.push(deltaFile(layer, capacity, locked));
  }
  if (disk.tracking !== undefined) {
    files.push(
      textFile(
        layer.file.replace(/\.vmdk$/, '-ctk.vmdk'),
        `change track ${disk.changeId}\n`,
        layer.modified,
        machine.powerState === 'poweredOn',
      ),
    );
  }
  return files;
}

/** A redo log starts with `COWD` and is no raw image: whoever takes it for one finds out. */
function deltaFile(layer: Layer, capacity: number, locked: boolean): DatastoreFile {
  const headerSize = 2048;
  const numbers = [...layer.grains].sort((a, b) => a - b);
  const size = headerSize + numbers.length * grainSize;
  return {
    path: extentFile(layer),
    size,
    locked,
    modified: layer.modified,
    read(offset, length) {
      const header = Buffer.alloc(headerSize);
      header.write('COWD');
      for (const [index, value] of [1, 3, capacity / 512, grainSize / 512, 4, numbers.length].entries())
        header.writeUInt32LE(value >>> 0, 4 + 4 * index);
      const parts: Buffer[] = [];
      const end = offset + length;
      if (offset < headerSize) parts.push(header.subarray(offset, end));
      const firstGrain = Math.max(0, Math.floor((offset - headerSize) / grainSize));
      for (let index = firstGrain; index < numbers.length && headerSize + index * grainSize < end; index++) {
        const start = headerSize + index * grainSize;
        const grain = readLayer(layer, numbers[index]! * grainSize, grainSize);
        parts.push(grain.subarray(Math.max(0, offset - start), Math.min(grainSize, end - start)));
      }
      return Buffer.concat(parts);
    },
  };
}

function descriptorText(disk: SimulatedDisk, layer: Layer): string {
  const name = (file: string) => file.slice(file.lastIndexOf('/') + 1);
  const isBase = layer.parent === undefined;
  const depth = chainOf(layer).length;
  const lines = [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${depth.toString(16).padStart(8, '0')}`,
    `parentCID=${isBase ? 'ffffffff' : (depth - 1).toString(16).padStart(8, '0')}`,
    `createType="${isBase ? 'vmfs' : 'vmfsSparse'}"`,
    ...(isBase ? [] : [`parentFileNameHint="${name(layer.parent!.file)}"`]),
    '# Extent description',
    `RW ${disk.capacity / 512} ${isBase ? 'VMFS' : 'VMFSSPARSE'} "${name(extentFile(layer))}"`,
    '# The Disk Data Base',
    `ddb.uuid = "${disk.uuid}"`,
    ...(disk.thin ? ['ddb.thinProvisioned = "1"'] : []),
  ];
  return `${lines.join('\n')}\n`;
}
