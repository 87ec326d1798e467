import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KeepTrouble, LabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { EnvironmentService, LabOptions, LabService, LabStatus } from '../api/services.ts';
import type { Clock } from '../domain/clock.ts';
import type { Store } from '../store/store.ts';

export interface RunningLab extends LabService, AsyncDisposable {
  /** Starts it anew where it ran when Octopus ended. */
  comeBack(signal: AbortSignal): Promise<void>;
}

/** Kept beside the settings, which nobody sets: how the lab was started last, and whether it is to run. */
const variable = 'lab';
const name = 'Octopus lab';
/** Between two rounds of writes of the samples' guests: enough for an incremental run to find something. */
const writesEveryMs = 2000;

/**
 * The simulated vCenter inside this process, as a source like any other. The same machines of the same seed are the same vCenter, others are
 * another one; and like a real one it forgets nothing, also when this process is killed.
 */
export function createLabService(parts: {
  environments: Pick<EnvironmentService, 'addSource' | 'updateSource' | 'syncSource'>;
  store: Pick<Store, 'sources' | 'variables'>;
  clock: Clock;
  /** Where the state of each lab that ever ran is kept. */
  folder: string;
  onTrouble: (trouble: KeepTrouble, reason: string) => void;
}): RunningLab {
  const { environments, store, clock, folder, onTrouble } = parts;
  let lab: { vcenter: LabVcenter; sourceId: string } | undefined;
  let trouble: KeepTrouble | undefined;
  let last: LabOptions | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  function status(): LabStatus {
    if (!lab) return { running: false, machines: 0, last };
    return { running: true, last, url: lab.vcenter.url, machines: lab.vcenter.world.machines.size, sourceId: lab.sourceId, trouble };
  }

  /** One after the other: two starts at once are one lab. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  const remember = (options: LabOptions | undefined, stopped: boolean) => {
    last = options;
    const value = options && JSON.stringify({ ...options, stopped });
    return store.variables.put(new Map([[variable, value]]), clock.now().toISOString());
  };

  /** Generated machines that were kept before each lab was a vCenter of its own stay those that they are. */
  function keptAs({ machines, seed }: LabOptions): { path: string; identity?: number } {
    const before = join(folder, `${seed}-${machines ?? 'samples'}.journal`);
    if (machines === undefined || existsSync(before)) return { path: before };
    return { path: join(folder, `${seed}-generated-${machines}.journal`), identity: machines };
  }

  async function start({ machines, seed }: LabOptions, signal: AbortSignal): Promise<LabStatus> {
    if (lab) return status();
    const { sampleMachines, startLabVcenter } = await import('../../lab/vcenter/lab-vcenter.ts');
    const held = machines === undefined ? { machines: sampleMachines(), churnMs: writesEveryMs } : { generate: machines };
    trouble = undefined;
    const { path, identity } = keptAs({ machines, seed });
    const vcenter = await startLabVcenter({
      ...held,
      seed,
      ...(identity === undefined ? {} : { identity }),
      keep: {
        path,
        onTrouble(what, reason) {
          trouble = what;
          onTrouble(what, reason);
        },
      },
    });
    try {
      const { url, username, password, thumbprint, world } = vcenter;
      const login = { url, username, password, thumbprint };
      const known = (await store.sources.list()).find(({ instanceUuid }) => instanceUuid === world.instanceUuid);
      const source = known
        ? await environments.updateSource(known.id, login, signal)
        : await environments.addSource({ ...login, name: machines === undefined ? name : `${name} (${machines} generated)` }, signal);
      await environments.syncSource(source.id, signal);
      await remember({ machines, seed }, false);
      lab = { vcenter, sourceId: source.id };
    } catch (error) {
      await vcenter.close();
      throw error;
    }
    return status();
  }

  async function stop(): Promise<void> {
    const running = lab;
    lab = undefined;
    await running?.vcenter.close();
  }

  return {
    status,
    start: (options, signal) => inTurn(() => start(options, signal)),
    stop: () =>
      inTurn(async () => {
        await remember(last, true);
        await stop();
      }),
    comeBack: (signal) =>
      inTurn(async () => {
        const kept = (await store.variables.list()).find(({ name }) => name === variable);
        if (!kept) return;
        const { stopped, ...options } = parse(kept.value);
        last = options;
        if (!stopped) await start(options, signal);
      }),
    [Symbol.asyncDispose]: () => inTurn(stop),
  };
}

function parse(value: string): LabOptions & { stopped: boolean } {
  const { machines, seed, stopped = false } = JSON.parse(value) as Partial<LabOptions & { stopped: boolean }>;
  if (typeof seed !== 'number') throw new OctopusError('store.corrupt', `The table env_variables holds no lab under '${variable}'.`);
  return { machines, seed, stopped };
}
