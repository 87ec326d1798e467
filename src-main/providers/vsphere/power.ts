import type { OctopusError } from '../../../workers/octopus-error.ts';
import { machineState } from './machine-state.ts';
import { reachByTask } from './machine-task.ts';
import { moRef, type VimSession } from './vim-session.ts';
import { checkCancelled, sleep } from './wait.ts';

/** Milliseconds for which another task may hold the machine. */
const BUSY = 120_000;

function power(session: VimSession, machine: string, operation: 'PowerOnVM' | 'PowerOffVM', signal?: AbortSignal): Promise<void> {
  const wanted = operation === 'PowerOnVM' ? 'on' : 'off';
  const reached = async () => (await machineState(session, machine, signal)).powerState === wanted;
  return reachByTask(session, { operation, args: { _this: moRef('VirtualMachine', machine) }, reached, busyMs: BUSY }, signal);
}

export async function powerOn(session: VimSession, machine: string, signal?: AbortSignal): Promise<void> {
  if ((await machineState(session, machine, signal)).powerState !== 'on') await power(session, machine, 'PowerOnVM', signal);
}

export async function powerOff(
  session: VimSession,
  machine: string,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<'guest' | 'hard' | 'already-off'> {
  const before = await machineState(session, machine, signal);
  if (before.powerState === 'off') return 'already-off';
  if (before.powerState === 'on' && before.toolsRunning && deadlineMs > 0 && (await guestShutdown(session, machine, deadlineMs, signal)))
    return 'guest';
  await power(session, machine, 'PowerOffVM', signal);
  return 'hard';
}

async function guestShutdown(session: VimSession, machine: string, deadlineMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + deadlineMs;
  try {
    await session.call('ShutdownGuest', { _this: moRef('VirtualMachine', machine) }, { signal });
  } catch (error) {
    checkCancelled(signal);
    const known = error as OctopusError;
    // The tools went away, or the machine did: the hard way, or nothing, is left.
    if (known.code !== 'source.faulted' && known.code !== 'source.unsupported') throw known;
    return (await machineState(session, machine, signal)).powerState === 'off';
  }
  for (let pause = 100; ; pause = Math.min(pause * 1.5, 1000)) {
    if ((await machineState(session, machine, signal)).powerState === 'off') return true;
    const left = deadline - Date.now();
    if (left <= 0) return false;
    await sleep(Math.min(pause, left), signal);
  }
}
