export type StepState = 'done' | 'now' | 'waiting' | 'unreached' | 'failed' | 'stopped' | 'cancelled' | 'interrupted';

export interface TimelineStep<Id extends string = string> {
  id: Id;
  state: StepState;
  /** Milliseconds; undefined where it is not known or has not begun. */
  duration: number | undefined;
}

/** The corridor of a run, in order; the same list as the domain's, a test compares the two. */
export const runSteps = ['tracking', 'snapshot', 'changes', 'replica', 'transfer', 'verify', 'commit', 'cleanup', 'prune'] as const;
export type RunStep = (typeof runSteps)[number];

export const cutoverSteps = ['pre-sync', 'pre-boot-check', 'power-off', 'final-run', 'boot-check', 'start', 'finished'] as const;
export type CutoverStep = (typeof cutoverSteps)[number];

export interface Progress {
  /** The step that was begun last; undefined before the first. */
  phase: string | undefined;
  /** `stopped`: rolled back; `cancelled`: by a person; `interrupted`: Octopus ended, the work did not. */
  state: 'running' | 'done' | 'failed' | 'stopped' | 'cancelled' | 'interrupted';
  /** When each step was begun, in milliseconds since 1970, as far as it is known. */
  began: Readonly<Record<string, number | undefined>>;
  /** Milliseconds, of the steps that are over, where it was kept: a run that was taken up again enters some of them twice. */
  took?: Readonly<Record<string, number | undefined>>;
  /** Milliseconds since 1970. */
  endedAt: number | undefined;
  now: number;
}

export function timelineOf<Id extends string>(steps: readonly Id[], progress: Progress): TimelineStep<Id>[] {
  const { state, began, endedAt, now } = progress;
  const current = steps.indexOf(progress.phase as Id);
  return steps.map((id, index) => {
    // What is over has nothing that waits; an interrupted run goes on.
    const ahead = state === 'running' || state === 'interrupted' ? 'waiting' : 'unreached';
    if (index > current && state !== 'done') return { id, state: ahead, duration: undefined };
    const from = began[id];
    const last = index === current || (state === 'done' && index > current);
    const end = last
      ? (endedAt ?? now)
      : steps
          .slice(index + 1)
          .map((next) => began[next])
          .find((at) => at !== undefined);
    // Whoever ended did not say when: until the next start nothing went on.
    if (last && state === 'interrupted') return { id, state, duration: undefined };
    const known = last && state !== 'done' ? undefined : progress.took?.[id];
    const duration = known ?? (from === undefined || end === undefined ? undefined : Math.max(0, end - from));
    if (!last || state === 'done') return { id, state: 'done', duration };
    return { id, state: state === 'running' ? 'now' : state, duration };
  });
}

/** What a run's state in the contract means for its timeline, or that it was interrupted. */
export function progressOfRun(state: string): Progress['state'] {
  return ({ succeeded: 'done', failed: 'failed', cancelled: 'cancelled', interrupted: 'interrupted' } as const)[state] ?? 'running';
}

export function progressOfCutover(state: string): Progress['state'] {
  const states = { done: 'done', failed: 'failed', 'rolling-back': 'stopped', 'rolled-back': 'stopped', cancelled: 'cancelled' } as const;
  return states[state as keyof typeof states] ?? 'running';
}
