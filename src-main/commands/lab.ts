import { open, rename, rm } from 'node:fs/promises';
import { type LabDiskSpec, type LabMachineSpec, type LabVcenterOptions, startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { whyUnreadable } from '../domain/why-unreadable.ts';
import { type Command, type OptionTable, usageError } from './command.ts';
import { count } from './count.ts';
import { requireFolderOf } from './named-file.ts';
import { parseOptions } from './parse-options.ts';

/** Bytes of a disk's sector. */
const SECTOR = 512;

interface LabArguments {
  options: LabVcenterOptions;
  info: string | undefined;
}

/** Most characters of a machine's name in vSphere. */
const MOST_NAME = 80;

function wrong(what: string): OctopusError {
  return usageError('--machine', `--machine: ${what}`);
}

function yesNo(key: string, value: string): boolean {
  if (value !== 'yes' && value !== 'no') throw wrong(`${key} is yes or no, not '${value}'.`);
  return value === 'yes';
}

/** What each key may hold, and what it says of the machine. */
const machineKeys: Readonly<Record<string, (value: string) => Partial<LabMachineSpec>>> = {
  name(value) {
    if (value.length > MOST_NAME) throw wrong(`a name has at most ${MOST_NAME} characters, and '${value}' has ${value.length}.`);
    return { name: value };
  },
  firmware(value) {
    if (value !== 'bios' && value !== 'uefi') throw wrong(`firmware is bios or uefi, not '${value}'.`);
    return { firmware: value === 'uefi' ? 'efi' : 'bios' };
  },
  disk: (value) => ({ disks: [{ file: value }] }),
  on: (value) => ({ poweredOn: yesNo('on', value) }),
  tracking: (value) => ({ changeTracking: yesNo('tracking', value) }),
  guest(value) {
    if (!/^[a-z]\w*Guest(64)?$/i.test(value))
      throw wrong(`guest is a name that vSphere gives a system, such as debian12_64Guest, not '${value}'.`);
    return { guestId: value };
  },
};

/** `name=web,firmware=uefi,disk=a.raw,disk=b.raw` */
function parseMachine(text: string): LabMachineSpec {
  const disks: LabDiskSpec[] = [];
  const machine: LabMachineSpec = { name: '', disks };
  const given = new Map<string, string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    if (equals <= 0) throw wrong(`'${part}' is not KEY=VALUE, as in name=web,disk=web.raw.`);
    const [key, value] = [part.slice(0, equals), part.slice(equals + 1)];
    const read = Object.hasOwn(machineKeys, key) ? machineKeys[key] : undefined;
    if (read === undefined) throw wrong(`unknown key '${key}'; known: ${Object.keys(machineKeys).join(', ')}.`);
    if (value === '') throw wrong(`${key} needs a value, as in name=web,disk=web.raw.`);
    const before = given.get(key);
    if (before !== undefined && key !== 'disk') throw wrong(`${key} is given twice: ${before} and ${value}.`);
    given.set(key, value);
    const { disks: more = [], ...rest } = read(value);
    disks.push(...more);
    Object.assign(machine, rest);
  }
  if (machine.name === '') throw usageError('--machine', '--machine needs name=NAME.');
  if (disks.length === 0) throw usageError('--machine', `--machine ${machine.name} needs at least one disk=FILE.`);
  return machine;
}

const options = {
  machine: {
    value: 'KEY=VALUE,…',
    multiple: true,
    help: [
      'a machine; give it once for each: name=NAME,disk=FILE[,disk=FILE…] and, as you like,',
      'firmware=bios|uefi (default: bios), on=yes|no (default: yes), tracking=yes|no (default: no),',
      'guest=ID (what vSphere calls its system, such as debian12_64Guest).',
      'FILE is a raw image of whole sectors (512 bytes); it is only read, what the guest writes is kept elsewhere.',
    ].join('\n'),
  },
  machines: { value: 'N', help: 'generates N more machines, up to 5000 (default: 0)' },
  churn: { value: 'SEED', help: 'the guests keep writing, by this number; without it they write nothing' },
  faults: { value: 'SEED', help: 'connections, sessions and answers fail now and then, by this number' },
  'page-size': { value: 'N', help: 'extents on a page of changed disk areas, 1 to 1000000 (default: 2000)' },
  port: { value: 'N', help: 'TCP port on 127.0.0.1, 1 to 65535 (default: a free one)' },
  seed: { value: 'N', help: 'where names and contents come from; the same number gives the same lab (default: 1)' },
  info: { value: 'FILE.json', help: 'writes address, user, password and thumbprint to this file while the lab runs' },
} as const satisfies OptionTable;

function parseArguments(args: string[]): LabArguments {
  const { values } = parseOptions(labCommand, args);
  const number = (name: keyof typeof options & keyof typeof values, least: number, most: number): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    const result = Number(text);
    if (!/^\d+$/.test(String(text)) || result < least || result > most) {
      throw usageError(name, `--${name} is a whole number from ${least} to ${most}, not '${text}'.`);
    }
    return result;
  };
  const machines = (values.machine ?? []).map(parseMachine);
  const given = {
    generate: number('machines', 0, 5000),
    seed: number('seed', 0, 2 ** 31),
    churn: number('churn', 0, 2 ** 31),
    faults: number('faults', 0, 2 ** 31),
    pageSize: number('page-size', 1, 1_000_000),
    port: number('port', 1, 65_535),
  };
  if (machines.length === 0 && (given.generate ?? 0) === 0) {
    throw usageError('--machine', 'octopus lab needs --machine name=NAME,disk=FILE or --machines N.');
  }
  const twice = machines.find((machine, index) => machines.findIndex((other) => other.name === machine.name) !== index);
  if (twice !== undefined) throw usageError('--machine', `Two machines are named ${twice.name}.`);
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { options: { machines, ...known }, info: values.info };
}

/** Complete or not there at all: others wait for this file. It holds the password, so only its owner may read it. */
async function writeInfo(path: string, info: Record<string, string>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(info, null, 2)}\n`);
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

async function requireDisks(machines: readonly LabMachineSpec[]): Promise<void> {
  for (const machine of machines) {
    for (const disk of machine.disks) {
      if (!('file' in disk)) continue;
      try {
        await using file = await open(disk.file, 'r');
        const found = await file.stat();
        if (!found.isFile()) throw usageError('--machine', `${disk.file} is not a file; a disk is a raw image.`);
        if (found.size === 0 || found.size % SECTOR !== 0) {
          throw usageError(
            '--machine',
            `The disk ${disk.file} has ${count(found.size, 'byte')}; a disk holds whole sectors of ${SECTOR} bytes, at least one.`,
          );
        }
      } catch (error) {
        if (error instanceof OctopusError || (error as NodeJS.ErrnoException).code === undefined) throw error;
        throw usageError('--machine', `The disk ${disk.file} ${reason(disk.file, error as NodeJS.ErrnoException)}.`);
      }
    }
  }
}

function reason(file: string, error: NodeJS.ErrnoException): string {
  if (error.code !== 'ENOENT') return `cannot be read: ${whyUnreadable(error)}`;
  return `does not exist: name a raw image; qemu-img create -f raw '${file}' 64M makes an empty one, qemu-img convert -O raw IMAGE '${file}' one of another image`;
}

export const labCommand: Command & { options: typeof options } = {
  name: 'lab',
  usage:
    '--machine name=NAME,firmware=bios|uefi,disk=FILE[,disk=FILE…] … [--machines N] [--churn SEED] [--faults SEED] [--page-size N] [--port N] [--seed N] [--info FILE.json]',
  summary: 'Runs a simulated vCenter with these machines until it is interrupted.',
  options,
  async run(args, terminal) {
    const { options: settings, info } = parseArguments(args);
    await requireDisks(settings.machines ?? []);
    if (info !== undefined) await requireFolderOf('info', info);
    await using lab = await startLabVcenter(settings);
    const connection = { url: lab.url, username: lab.username, password: lab.password, thumbprint: lab.thumbprint };
    if (info !== undefined) await writeInfo(info, connection);
    terminal.out(`The lab's vCenter runs at ${lab.url} with ${count(lab.world.machines.size, 'machine')}.`);
    terminal.out(`User ${lab.username}, certificate ${lab.thumbprint}`);
    terminal.out(info === undefined ? `Password ${lab.password}` : `The password is in ${info}.`);
    terminal.err('Ctrl+C ends it.');
    if (!terminal.signal.aborted) {
      await new Promise<void>((resolve) => terminal.signal.addEventListener('abort', () => resolve(), { once: true }));
    }
    if (info !== undefined) await rm(info, { force: true });
    return 0;
  },
};
