import { OctopusError } from '../../workers/octopus-error.ts';

export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Lets `atOnce` pieces of work run and `waiting` more wait, in the order in which they came; `rate.limited` for the rest. */
export function createGate(atOnce: number, waiting: number): Gate {
  let running = 0;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (running < atOnce) running++;
    else if (queue.length < waiting) await new Promise<void>((enter) => queue.push(enter));
    else throw new OctopusError('rate.limited', 'Too many sign-ins at once: try again in a moment.', { retryable: true });
    try {
      return await work();
    } finally {
      // The place goes to the next one without becoming free in between.
      const next = queue.shift();
      if (next) next();
      else running--;
    }
  };
}

/** One gate of width 1 for each key, forgotten when nobody uses it. */
export function createTurns(waiting: number): <Result>(key: string, work: () => Promise<Result>) => Promise<Result> {
  const gates = new Map<string, { gate: Gate; users: number }>();
  return async (key, work) => {
    const held = gates.get(key) ?? { gate: createGate(1, waiting), users: 0 };
    gates.set(key, held);
    held.users++;
    try {
      return await held.gate(work);
    } finally {
      held.users--;
      if (held.users === 0) gates.delete(key);
    }
  };
}
