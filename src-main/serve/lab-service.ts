import type { LabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { EnvironmentService, LabService, LabStatus } from '../api/services.ts';

export interface RunningLab extends LabService, AsyncDisposable {}

/** The simulated vCenter inside this process, as a source like any other. */
export function createLabService(environments: EnvironmentService): RunningLab {
  let lab: { vcenter: LabVcenter; sourceId: string } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  function status(): LabStatus {
    if (!lab) return { running: false, machines: 0 };
    return { running: true, url: lab.vcenter.url, machines: lab.vcenter.world.machines.size, sourceId: lab.sourceId };
  }

  /** One after the other: two starts at once are one lab. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  async function stop(): Promise<void> {
    const running = lab;
    lab = undefined;
    await running?.vcenter.close();
  }

  return {
    status,
    start: ({ machines, seed }, signal) =>
      inTurn(async () => {
        if (lab) return status();
        const { startLabVcenter } = await import('../../lab/vcenter/lab-vcenter.ts');
        const vcenter = await startLabVcenter({ generate: machines, seed });
        try {
          const { url, username, password, thumbprint } = vcenter;
          const source = await environments.addSource({ url, username, password, thumbprint }, signal);
          await environments.syncSource(source.id, signal);
          lab = { vcenter, sourceId: source.id };
        } catch (error) {
          await vcenter.close();
          if (error instanceof OctopusError && error.code === 'conflict.exists') {
            throw new OctopusError('conflict.exists', `${error.message} Remove that source first, or take another seed.`, { cause: error });
          }
          throw error;
        }
        return status();
      }),
    stop: () => inTurn(stop),
    [Symbol.asyncDispose]: () => inTurn(stop),
  };
}
