import type { OctopusError } from '../../../workers/octopus-error.ts';
import { whileBusy } from './machine-state.ts';
import { waitForTask } from './properties.ts';
import { faultName } from './vim-fault.ts';
import type { MoRef, VimSession } from './vim-session.ts';
import { checkCancelled, sleep } from './wait.ts';

export interface MachineTask {
  /** Without `_Task`. */
  operation: string;
  args: { _this: MoRef } & Record<string, unknown>;
  /** Is the machine as wanted? Asked after a failure: a call whose answer was lost may have been carried out. */
  reached: () => Promise<boolean>;
  /** Milliseconds for which another task may hold the machine. */
  busyMs: number;
}

const TRIES = 3;

/** Starts a task with a goal that can be looked at, waits for it, and tries again after a failure that may pass. */
export async function reachByTask(session: VimSession, task: MachineTask, signal?: AbortSignal): Promise<void> {
  const { operation, args, reached, busyMs } = task;
  for (let attempt = 1; ; attempt++) {
    try {
      const started = await whileBusy(busyMs, () => session.call<MoRef>(`${operation}_Task`, args, { signal, repeat: false }), signal);
      await waitForTask(session, started, operation, signal);
      return;
    } catch (error) {
      checkCancelled(signal);
      if (await reached()) return;
      if (attempt >= TRIES || !((error as OctopusError).retryable || faultName(error) === 'InvalidPowerState')) throw error;
      await sleep(300 * attempt, signal);
    }
  }
}
