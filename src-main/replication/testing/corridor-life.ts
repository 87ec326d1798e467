import type { TransferPool } from '../../../workers/pool.ts';
import { systemClock } from '../../domain/clock.ts';
import { type Octopus, openOctopus } from '../../octopus.ts';
import { connectVsphere } from '../../providers/vsphere/connect-vsphere.ts';
import type { Interruption, Schedule } from './corridor-schedule.ts';
import type { CorridorWorld } from './corridor-world.ts';

/** One process of Octopus, as far as it can end without taking the test along: from its death on nothing of it goes on. */
export interface Life {
  octopus: Octopus;
  /** The work's outcome, or `killed`. */
  live<Result>(work: Promise<Result>): Promise<Result | 'killed'>;
  /** Ends it, dead or alive; what it held open is free then, as the system does it for a killed process. */
  end(): Promise<void>;
}

export async function startLife(
  schedule: Schedule,
  world: CorridorWorld,
  pool: TransferPool,
  stateFolder: string,
  interruption: Interruption | undefined,
): Promise<Life> {
  let dead = false;
  const death = Promise.withResolvers<'killed'>();
  const never = new Promise<never>(() => {});
  const end = new AbortController();
  const tasks = new Set<Promise<unknown>>();
  let left = interruption?.how === 'kill-at-step' ? interruption.step : interruption?.how === 'kill-at-block' ? interruption.event : 0;
  const countDown = (how: Interruption['how']) => {
    if (interruption?.how !== how || left-- > 0) return;
    dead = true;
    death.resolve('killed');
    end.abort();
  };
  /** What is heard of after the death is not heard. */
  const mortal = <Result>(promise: Promise<Result>): Promise<Result> =>
    promise.then(
      (result) => (dead ? never : result),
      (error: unknown) => {
        if (dead) return never;
        throw error;
      },
    );
  const mortalPool: TransferPool = {
    tasksPerDisk: pool.tasksPerDisk,
    run(task, { onEvent, signal } = {}) {
      if (dead) return { result: never, control: () => {} };
      const running = pool.run(task, {
        signal: signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]),
        onEvent(event) {
          countDown('kill-at-block');
          if (!dead) onEvent?.(event);
        },
      });
      const settled = running.result.catch(() => {}).finally(() => tasks.delete(settled));
      tasks.add(settled);
      return { result: mortal(running.result), control: (message) => running.control(message) };
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const octopus = await openOctopus({
    stateFolder,
    pool: mortalPool,
    passwordOf: async () => world.lab.password,
    // The lab is quicker than a vCenter, and so is its patience.
    connectSource: ({ url, username, password, thumbprint }, signal) =>
      connectVsphere(
        {
          url,
          username,
          thumbprint,
          password: async () => password,
          patience: { landMs: 120, lostMs: 60, consolidationMs: 5000, consolidateAfterMs: 60, busyMs: 2000 },
        },
        signal,
      ),
    retry: { attempts: 5, firstMs: 1, maxMs: 8 },
    tuning: schedule.tuning,
    clock: { now: () => systemClock.now(), sleep: (ms, signal) => (dead ? never : mortal(systemClock.sleep(ms, signal))) },
    crashpoint: () => {
      countDown('kill-at-step');
      return dead ? never : undefined;
    },
  });
  return {
    octopus,
    live(work) {
      work.catch(() => {});
      return Promise.race([work, death.promise]);
    },
    async end() {
      end.abort();
      await Promise.all(tasks);
      await octopus.close();
    },
  };
}
