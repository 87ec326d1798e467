import { OctopusError } from '../workers/octopus-error.ts';
import type { EnvironmentService, LabService, LabStatus } from './api/services.ts';

interface RunningLab extends AsyncDisposable {
  url: string;
  username: string;
  password: string;
  thumbprint: string;
  machines: number;
}

/** The embedded lab: it stands in the place of a vCenter and is reached over the network like one. Whoever makes it closes it. */
export function createLabService(
  environments: Pick<EnvironmentService, 'addSource' | 'syncSource'>,
  start: (options: { machines: number; seed: number }) => Promise<RunningLab> = startLab,
): LabService & AsyncDisposable {
  let lab: { running: RunningLab; sourceId: string } | undefined;
  let changing = false;

  /** One change at a time: two labs would answer for one source. */
  async function exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    if (changing) throw new OctopusError('source.busy', 'The lab is being started or stopped.', { retryable: true });
    changing = true;
    try {
      return await work();
    } finally {
      changing = false;
    }
  }

  const status = (): LabStatus =>
    lab ? { running: true, url: lab.running.url, machines: lab.running.machines, sourceId: lab.sourceId } : { running: false, machines: 0 };

  const stop = () =>
    exclusively(async () => {
      const { running } = lab ?? {};
      lab = undefined;
      await running?.[Symbol.asyncDispose]();
    });

  return {
    status,
    start: (options, signal) =>
      exclusively(async () => {
        if (lab) return status();
        const running = await start(options);
        try {
          const { url, username, password, thumbprint } = running;
          const source = await environments.addSource({ url, username, password, thumbprint }, signal);
          await environments.syncSource(source.id, signal);
          lab = { running, sourceId: source.id };
          return status();
        } catch (error) {
          await running[Symbol.asyncDispose]();
          throw error;
        }
      }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function startLab({ machines, seed }: { machines: number; seed: number }): Promise<RunningLab> {
  const { startLabVcenter } = await import('../lab/vcenter/lab-vcenter.ts');
  const lab = await startLabVcenter({ generate: machines, seed });
  const { url, username, password, thumbprint } = lab;
  return { url, username, password, thumbprint, machines: lab.world.machines.size, [Symbol.asyncDispose]: () => lab.close() };
}
