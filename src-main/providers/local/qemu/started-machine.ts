import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { OctopusError } from '../../../../workers/octopus-error.ts';
import type { MachineAtTarget, StartedMachine } from '../../target.ts';
import { isAlive, namesIn, sweepTemporary, temporaryDone, temporaryName, writeAndSync } from '../file-system.ts';
import type { MachineFolders } from '../layout.ts';
import { chooseAccelerator, kvmIsBroken } from './accelerator.ts';
import { machineArguments } from './machine-arguments.ts';
import { makeOverlays, type StartablePoint } from './overlay.ts';
import { findQemu, findUefi, type QemuOptions } from './qemu-programs.ts';
import { connectQmp } from './qmp.ts';

const run = promisify(execFile);
const GIVE_UP_MS = 10_000;

/**
 * Starts the machine in a QEMU of its own that outlives this process, on overlays in running/<handle>/ that keep what it writes. The
 * handle is the point's id. Started already: the same handle. Its QEMU is gone (the computer restarted): started again on its overlays.
 */
export async function startMachine(point: StartablePoint, options: QemuOptions, signal?: AbortSignal): Promise<StartedMachine> {
  const { folders, pointId: handle } = point;
  const folder = join(folders.running, handle);
  const programs = findQemu(options);
  await mkdir(folders.running, { recursive: true });
  await sweepTemporary(folders.running);
  const others = (await startedPoints(folders)).filter((id) => id !== handle);
  if (others.length > 0) {
    throw new OctopusError(
      'target.busy',
      `${point.machine.name} is started already from recovery point ${others[0]}; stop that one first.`,
    );
  }
  const uefi = point.machine.firmware === 'efi' ? findUefi(options, point.machine.secureBoot) : undefined;
  if (!existsSync(folder)) await prepare(point, folder, programs.image, uefi?.variables, signal);
  if (runningPid(folder) === undefined) {
    const accelerator = await chooseAccelerator(options, programs.system);
    await launch(accelerator);
    // Only a machine that runs tells whether KVM carries it: see accelerator.ts.
    if (accelerator === 'kvm' && options.accelerator === undefined && (await failsInside(folder, signal))) {
      kvmIsBroken();
      await end(folder);
      await launch('tcg');
    }
  }
  return {
    handle,
    where: whereIs(folder),
  };

  async function launch(accelerator: 'kvm' | 'tcg'): Promise<void> {
    for (const kind of ['vnc', 'qmp']) await rm(socketPath(folder, kind), { force: true });
    const args = machineArguments({
      machine: point.machine,
      disks: point.images.map(({ key }) => ({ key, path: join(folder, `${key}.qcow2`) })),
      accelerator,
      uefi: uefi && { code: uefi.code, variables: join(folder, 'variables.fd') },
      purpose: 'started',
      console: join(folder, 'console.log'),
      monitor: socketPath(folder, 'qmp'),
      vnc: socketPath(folder, 'vnc'),
    });
    await mkdir(socketFolder(), { recursive: true, mode: 0o700 });
    const owner = await stat(socketFolder());
    if (owner.uid !== process.getuid?.()) throw new OctopusError('target.denied', `${socketFolder()} belongs to someone else.`);
    await run(programs.system, [...args, '-daemonize', '-pidfile', join(folder, 'qemu.pid')]).catch(
      (error: Error & { stderr?: string }) => {
        throw new OctopusError('target.write', `QEMU could not start ${point.machine.name}: ${(error.stderr || error.message).trim()}`, {
          cause: error,
        });
      },
    );
  }
}

const whereIs = (folder: string) =>
  `VNC at unix:${socketPath(folder, 'vnc')}, serial console in ${join(folder, 'console.log')}, QEMU process ${runningPid(folder)}`;

/** What is started of a machine, also where its QEMU is gone. */
export async function startedMachines(folders: MachineFolders, machineId: string): Promise<MachineAtTarget[]> {
  const machines: MachineAtTarget[] = [];
  for (const handle of await startedPoints(folders)) {
    const folder = join(folders.running, handle);
    const description = join(folder, 'started.json');
    // It may be stopped just now.
    const made = (await stat(description).catch(() => undefined)) ?? (await stat(folder).catch(() => undefined));
    if (made === undefined) continue;
    const running = runningPid(folder) !== undefined;
    const where = running ? whereIs(folder) : `serial console in ${join(folder, 'console.log')}`;
    machines.push({ machineId, handle, name: await nameIn(description, machineId), running, since: made.mtime.toISOString(), where });
  }
  return machines;
}

/** A name that cannot be read must not hide that the machine is there. */
async function nameIn(description: string, otherwise: string): Promise<string> {
  try {
    const { machine } = JSON.parse(await readFile(description, 'utf8')) as { machine?: unknown };
    return typeof machine === 'string' && machine !== '' ? machine : otherwise;
  } catch {
    return otherwise;
  }
}

/** Stops it and throws away what it wrote. */
export async function stopMachine(folders: MachineFolders, handle: string): Promise<void> {
  const folder = join(folders.running, handle);
  await end(folder);
  for (const kind of ['vnc', 'qmp']) await rm(socketPath(folder, kind), { force: true });
  await rm(folder, { recursive: true, force: true });
}

/** Points that a started machine stands on, also when its QEMU is gone: its overlays need them. */
export async function startedPoints(folders: MachineFolders): Promise<string[]> {
  return (await namesIn(folders.running)).filter((name) => !name.startsWith('.'));
}

async function prepare(
  point: StartablePoint,
  folder: string,
  qemuImage: string,
  variables: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const name = temporaryName(point.pointId);
  const temporary = join(point.folders.running, name);
  try {
    await mkdir(temporary);
    await makeOverlays(qemuImage, point.images, temporary);
    if (variables !== undefined) await copyFile(variables, join(temporary, 'variables.fd'));
    await writeAndSync(
      join(temporary, 'started.json'),
      `${JSON.stringify({ point: point.pointId, machine: point.machine.name }, null, 2)}\n`,
    );
    signal?.throwIfAborted();
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
    temporaryDone(name);
  }
}

/** Its QEMU, if that is what runs under the number in the pid file: numbers are used again. */
function runningPid(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, 'qemu.pid'), 'utf8').trim());
    if (!(pid > 0) || !isAlive(pid)) return undefined;
    const ours = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(join(folder, 'qemu.pid'));
    return ours ? pid : undefined;
  } catch {
    return undefined;
  }
}

async function end(folder: string): Promise<void> {
  const pid = runningPid(folder);
  if (pid === undefined) return;
  // QEMU flushes and ends at SIGTERM.
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (const giveUp = Date.now() + GIVE_UP_MS; Date.now() < giveUp; await sleep(50)) {
      if (runningPid(folder) === undefined) return;
    }
  }
  throw new OctopusError('target.busy', `QEMU process ${pid} does not end.`, { retryable: true, details: { pid } });
}

async function failsInside(folder: string, signal: AbortSignal | undefined): Promise<boolean> {
  const qmp = await connectQmp(socketPath(folder, 'qmp'), GIVE_UP_MS, signal);
  try {
    for (let waited = 0; waited < 3000; waited += 250) {
      if ((await qmp.execute<{ status: string }>('query-status')).status === 'internal-error') return true;
      const booted = await readFile(join(folder, 'console.log')).catch(() => Buffer.alloc(0));
      if (booted.length > 4096) return false;
      await sleep(250, undefined, { signal });
    }
    return false;
  } finally {
    qmp.close();
  }
}

/** Socket paths hold about 100 characters, which a target folder may exceed. Only this user may enter the folder. */
function socketFolder(): string {
  return join(tmpdir(), `octopus-qemu-${process.getuid?.() ?? 0}`);
}

function socketPath(folder: string, kind: string): string {
  return join(socketFolder(), `${createHash('sha256').update(folder).digest('hex').slice(0, 20)}.${kind}`);
}
