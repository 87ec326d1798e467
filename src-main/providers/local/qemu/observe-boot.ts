import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OctopusError } from '../../../../workers/octopus-error.ts';
import type { BootExpectation, BootObservation } from '../../target.ts';
import { isAlive } from '../file-system.ts';
import { chooseAccelerator, kvmIsBroken } from './accelerator.ts';
import { consoleMatcher, createScreenJudge, type Verdict } from './expectation.ts';
import { machineArguments } from './machine-arguments.ts';
import { makeOverlays, type StartablePoint } from './overlay.ts';
import { findQemu, findUefi, type QemuOptions, type QemuPrograms } from './qemu-programs.ts';
import { connectQmp, type Qmp } from './qmp.ts';
import { plainConsole } from './screen.ts';

const POLL_MS = 250;
const SCREEN_MS = 500;
/** Bytes of the console that are looked at: a guest may write without end. */
const CONSOLE_WINDOW = 1024 * 1024;

/**
 * Boots the point isolated (no network) on throw-away overlays and watches it. Whatever happens, QEMU is ended and the overlays are
 * removed; the images of the point are opened read-only. What was seen stays in evidence/<point>/.
 */
export async function observeBoot(
  point: StartablePoint,
  expectation: BootExpectation,
  options: QemuOptions,
  signal?: AbortSignal,
): Promise<BootObservation> {
  signal?.throwIfAborted();
  const matches = expectation.console === undefined ? undefined : consoleMatcher(expectation.console);
  const programs = findQemu(options);
  const base = options.temporaryFolder ?? tmpdir();
  await sweep(base);
  const evidence = join(point.folders.evidence, point.pointId);
  await rm(evidence, { recursive: true, force: true });
  await mkdir(evidence, { recursive: true });
  const began = Date.now();
  const deadline = began + expectation.timeoutMs;
  let accelerator = await chooseAccelerator(options, programs.system);
  for (;;) {
    const work = await mkdtemp(join(base, `octopus-boot-${process.pid}-`));
    let verdict: Verdict | 'accelerator-failed';
    try {
      verdict = await attempt(point, { matches, deadline, work, evidence, accelerator, programs, options, signal });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    if (verdict === 'accelerator-failed') {
      kvmIsBroken();
      accelerator = 'tcg';
      continue;
    }
    const observation = { ...verdict, tookMs: Date.now() - began };
    await writeFile(join(evidence, 'observation.json'), `${JSON.stringify({ expectation, accelerator, ...observation }, null, 2)}\n`);
    return {
      ...observation,
      artifacts: (await readdir(evidence)).filter((name) => name !== 'observation.json').map((name) => join(evidence, name)),
    };
  }
}

interface Attempt {
  matches: ((text: string) => string | undefined) | undefined;
  /** Milliseconds since 1970. */
  deadline: number;
  work: string;
  evidence: string;
  accelerator: 'kvm' | 'tcg';
  programs: QemuPrograms;
  options: QemuOptions;
  signal: AbortSignal | undefined;
}

async function attempt(point: StartablePoint, input: Attempt): Promise<Verdict | 'accelerator-failed'> {
  const { work, evidence, accelerator, programs, signal } = input;
  const console = join(evidence, 'console.log');
  const monitor = join(work, 'qmp');
  const disks = await makeOverlays(programs.image, point.images, work);
  let uefi: { code: string; variables: string } | undefined;
  if (point.machine.firmware === 'efi') {
    const firmware = findUefi(input.options, point.machine.secureBoot);
    uefi = { code: firmware.code, variables: join(work, 'variables.fd') };
    await copyFile(firmware.variables, uefi.variables);
  }
  await writeFile(console, '');
  const args = machineArguments({ machine: point.machine, disks, accelerator, uefi, purpose: 'observed', console, monitor });
  const qemu = startChild(programs, args);
  let qmp: Qmp | undefined;
  try {
    qmp = await Promise.race([connectQmp(monitor, 60_000, signal), qemu.ended.then(() => undefined)]);
    if (qmp === undefined)
      throw new OctopusError('verify.boot', `QEMU ended at once: ${qemu.lastWords() || `status ${qemu.process.exitCode}`}`);
    return await watch(qmp, qemu, input, console);
  } finally {
    if (qmp !== undefined && qemu.process.exitCode === null) {
      await Promise.race([
        qmp.execute('screendump', { filename: join(evidence, 'screen.png'), format: 'png' }).catch(() => undefined),
        sleep(5000),
      ]);
      qmp.close();
    }
    qemu.process.kill('SIGKILL');
    await qemu.ended;
  }
}

async function watch(qmp: Qmp, qemu: Child, input: Attempt, consoleFile: string): Promise<Verdict | 'accelerator-failed'> {
  const { matches, deadline, signal, work } = input;
  const judge = createScreenJudge();
  let nextScreen = 0;
  for (;;) {
    signal?.throwIfAborted();
    const text = plainConsole(await readTail(consoleFile));
    const line = matches?.(text);
    if (line !== undefined) return { passed: true, evidence: `The console showed: ${line}` };
    if (qemu.process.exitCode !== null || qemu.process.signalCode !== null) {
      return { passed: false, evidence: `QEMU ended before the machine was up: ${qemu.lastWords() || 'it said nothing'}` };
    }
    if (Date.now() >= nextScreen) {
      nextScreen = Date.now() + SCREEN_MS;
      const { status } = await qmp.execute<{ status: string }>('query-status');
      if (status === 'internal-error') {
        if (input.accelerator === 'kvm') return 'accelerator-failed';
        return { passed: false, evidence: `QEMU stopped the machine: ${qemu.lastWords()}` };
      }
      const seen = await judge(qmp, work, text);
      if (seen !== undefined && (matches === undefined || !seen.passed)) return seen;
    }
    if (Date.now() >= deadline) {
      const lines =
        text.trim() === '' ? 'the console stayed empty' : `the console's last lines: ${text.trim().split('\n').slice(-3).join(' | ')}`;
      const wanted = matches === undefined ? 'the screen showed no started system' : 'the console did not show what is expected';
      return { passed: false, evidence: `In the time given, ${wanted}; ${lines}` };
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

interface Child {
  process: ChildProcess;
  ended: Promise<void>;
  /** The end of what it wrote to standard error. */
  lastWords(): string;
}

function startChild(programs: QemuPrograms, args: string[]): Child {
  const [program, list] = programs.setpriv
    ? [programs.setpriv, ['--pdeathsig', 'KILL', programs.system, ...args]]
    : [programs.system, args];
  const child = spawn(program, list, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      errors += error.message;
      resolve();
    });
  });
  return { process: child, ended, lastWords: () => errors.trim().split('\n').slice(-3).join(' ') };
}

/** Overlays of a process that was killed. Its QEMU died with it. */
async function sweep(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    const pid = Number(/^octopus-boot-(\d+)-/.exec(name)?.[1] ?? 0);
    if (pid > 0 && !isAlive(pid)) await rm(join(base, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function readTail(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, CONSOLE_WINDOW);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
