import { open, rename, rm } from 'node:fs/promises';
import { type LabDiskSpec, type LabMachineSpec, type LabVcenterOptions, startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { type Command, usageError } from './command.ts';

interface LabArguments {
  options: LabVcenterOptions;
  info: string | undefined;
}

/** `name=web,firmware=uefi,disk=a.raw,disk=b.raw` */
function parseMachine(text: string): LabMachineSpec {
  const disks: LabDiskSpec[] = [];
  const machine: LabMachineSpec = { name: '', disks };
  const yesNo = (key: string, value: string) => {
    if (value !== 'yes' && value !== 'no') throw usageError('--machine', `--machine: ${key} is yes or no, not '${value}'.`);
    return value === 'yes';
  };
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const [key, value] = [part.slice(0, equals), part.slice(equals + 1)];
    if (equals <= 0 || value === '') throw usageError('--machine', `--machine: '${part}' is not key=value.`);
    switch (key) {
      case 'name':
        machine.name = value;
        break;
      case 'firmware':
        if (!/^(bios|uefi|efi)$/.test(value)) throw usageError('--machine', `--machine: firmware is bios or uefi, not '${value}'.`);
        machine.firmware = value === 'bios' ? 'bios' : 'efi';
        break;
      case 'disk':
        disks.push({ file: value });
        break;
      case 'on':
        machine.poweredOn = yesNo(key, value);
        break;
      case 'tracking':
        machine.changeTracking = yesNo(key, value);
        break;
      case 'guest':
        machine.guestId = value;
        break;
      default:
        throw usageError('--machine', `--machine: unknown key '${key}'; known: name, firmware, disk, on, tracking, guest.`);
    }
  }
  if (machine.name === '') throw usageError('--machine', '--machine needs name=NAME.');
  if (disks.length === 0) throw usageError('--machine', `--machine ${machine.name} needs at least one disk=FILE.`);
  return machine;
}

function parseArguments(args: string[]): LabArguments {
  const machines: LabMachineSpec[] = [];
  const options: LabVcenterOptions = { machines };
  let info: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const [flag, inline] = args[at]!.includes('=') && args[at]!.startsWith('--') ? splitAt(args[at]!, '=') : [args[at]!, undefined];
    const value = () => {
      const found = inline ?? args[++at];
      if (found === undefined || found === '') throw usageError(flag, `${flag} needs a value.`);
      return found;
    };
    const number = (least: number, most: number) => {
      const text = value();
      const result = Number(text);
      if (!/^\d+$/.test(text) || result < least || result > most) {
        throw usageError(flag, `${flag} is a whole number from ${least} to ${most}, not '${text}'.`);
      }
      return result;
    };
    switch (flag) {
      case '--machine':
        machines.push(parseMachine(value()));
        break;
      case '--machines':
        options.generate = number(0, 5000);
        break;
      case '--seed':
        options.seed = number(0, 2 ** 31);
        break;
      case '--churn':
        options.churn = number(0, 2 ** 31);
        break;
      case '--faults':
        options.faults = number(0, 2 ** 31);
        break;
      case '--page-size':
        options.pageSize = number(1, 1_000_000);
        break;
      case '--port':
        options.port = number(1, 65_535);
        break;
      case '--info':
        info = value();
        break;
      default:
        throw usageError(flag, `octopus lab has no ${flag}; usage: octopus lab ${labCommand.usage}`);
    }
  }
  if (machines.length === 0 && (options.generate ?? 0) === 0) {
    throw usageError('--machine', 'octopus lab needs --machine name=NAME,disk=FILE or --machines N.');
  }
  const twice = machines.find((machine, index) => machines.findIndex((other) => other.name === machine.name) !== index);
  if (twice !== undefined) throw usageError('--machine', `Two machines are named ${twice.name}.`);
  return { options, info };
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return [text.slice(0, at), text.slice(at + 1)];
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
        if (!(await file.stat()).isFile()) throw usageError('--machine', `${disk.file} is not a file; a disk is a raw image.`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined || (error as { name?: string }).name === 'OctopusError') throw error;
        throw usageError('--machine', `The disk ${disk.file} cannot be read: ${(error as Error).message}`);
      }
    }
  }
}

export const labCommand: Command = {
  name: 'lab',
  usage:
    '--machine name=NAME,firmware=bios|uefi,disk=FILE[,disk=FILE…] … [--machines N] [--churn SEED] [--faults SEED] [--page-size N] [--port N] [--seed N] [--info FILE.json]',
  summary: 'Runs a simulated vCenter with these machines until it is interrupted.',
  async run(args, terminal) {
    const { options, info } = parseArguments(args);
    await requireDisks(options.machines ?? []);
    await using lab = await startLabVcenter(options);
    const access = { url: lab.url, username: lab.username, password: lab.password, thumbprint: lab.thumbprint };
    if (info !== undefined) await writeInfo(info, access);
    terminal.out(`The lab's vCenter runs at ${lab.url} with ${lab.world.machines.size} machines.`);
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
