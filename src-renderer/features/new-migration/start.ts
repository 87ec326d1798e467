import { type ClientError, toClientError } from '../../api/client-error.ts';

/** How far a machine came. What was done is never done again, however often it is tried. */
export interface Progress {
  machineId: string;
  step: 'waiting' | 'creating' | 'scheduling' | 'starting' | 'done' | 'failed';
  migrationId?: string;
  scheduled?: boolean;
  synced?: boolean;
  error?: ClientError;
}

/** The calls that a start is made of; each looks before it leaps where its answer may have been lost. */
export interface StartCalls {
  create(machineId: string): Promise<string>;
  /** The migration of this machine to this target, where there is one. */
  find(machineId: string): Promise<string | undefined>;
  /** Undefined: no schedule is wanted. */
  schedule?: ((migrationId: string) => Promise<void>) | undefined;
  hasSchedule(migrationId: string): Promise<boolean>;
  /** Undefined: no run is wanted now. */
  sync?: ((migrationId: string) => Promise<void>) | undefined;
  hasRun(migrationId: string): Promise<boolean>;
  /** Resolves after this many milliseconds. */
  wait(milliseconds: number): Promise<void>;
}

/** Machines that are started at the same time. */
const ABREAST = 3;
const PATIENCE = 1000;
const MOST_WAITS = 30;

export const waiting = (machineId: string): Progress => ({ machineId, step: 'waiting' });

/** Makes the migrations, their schedules and first runs. `tell` hears of every step. Machines that are done are left alone. */
export async function startAll(before: readonly Progress[], calls: StartCalls, tell: (progress: Progress) => void): Promise<Progress[]> {
  const after = [...before];
  const todo = before.flatMap(({ step }, index) => (step === 'done' ? [] : [index]));
  async function next(): Promise<void> {
    for (let index = todo.shift(); index !== undefined; index = todo.shift()) {
      const at = index;
      await startOne(before[at] as Progress, calls, (progress) => {
        after[at] = progress;
        tell(progress);
      });
    }
  }
  await Promise.all(Array.from({ length: ABREAST }, next));
  return after;
}

async function startOne({ error: again, ...before }: Progress, calls: StartCalls, tell: (progress: Progress) => void): Promise<void> {
  let now: Progress = before;
  const set = (change: Partial<Progress>) => {
    now = { ...now, ...change };
    tell(now);
  };
  // The call that failed may have been heard nevertheless: only its answer was lost. Those after it were never made.
  let unsure = again !== undefined;
  const act = <Value>(call: () => Promise<Value>) => patiently(call, calls.wait);
  try {
    if (now.migrationId === undefined) {
      set({ step: 'creating' });
      const known = unsure ? await act(() => calls.find(now.machineId)) : undefined;
      set({ migrationId: known ?? (await act(() => calls.create(now.machineId))) });
      unsure = false;
    }
    const id = now.migrationId as string;
    const { schedule, sync } = calls;
    if (schedule && !now.scheduled) {
      set({ step: 'scheduling' });
      if (!(unsure && (await act(() => calls.hasSchedule(id))))) await act(() => schedule(id));
      set({ scheduled: true });
      unsure = false;
    }
    if (sync && !now.synced) {
      set({ step: 'starting' });
      if (!(unsure && (await act(() => calls.hasRun(id))))) await act(() => sync(id));
      set({ synced: true });
    }
    set({ step: 'done' });
  } catch (caught) {
    set({ step: 'failed', error: toClientError(caught) });
  }
}

/** Too many calls are refused before anything is done: then it waits its turn. */
async function patiently<Value>(call: () => Promise<Value>, wait: StartCalls['wait']): Promise<Value> {
  for (let waits = 0; ; waits++) {
    try {
      return await call();
    } catch (caught) {
      if (toClientError(caught).code !== 'rate.limited' || waits >= MOST_WAITS) throw caught;
      await wait(PATIENCE);
    }
  }
}
