import { OctopusError } from '../../workers/octopus-error.ts';
import type { TargetMachineService } from '../api/target-machines.ts';
import type { Octopus } from '../octopus.ts';

export function createTargetMachines(octopus: Pick<Octopus, 'store' | 'target'>): TargetMachineService {
  const { store } = octopus;

  async function started(targetId: string, signal: AbortSignal) {
    const machines = await (await octopus.target(targetId)).startedMachines(signal);
    if (machines.length === 0) return [];
    const beginning = new Set((await store.cutovers.unfinished()).map(({ jobId }) => jobId));
    const answering = (await store.jobs.list()).filter(
      ({ id, state, targetEnvironmentId }) => targetEnvironmentId === targetId && (state === 'cut-over' || beginning.has(id)),
    );
    const jobs = new Map<string, string>();
    for (const { id, machineId } of answering) {
      const machine = await store.machines.find(machineId);
      if (machine) jobs.set(machine.inventory.instanceUuid, id);
    }
    return machines.map((machine) => ({ ...machine, jobId: jobs.get(machine.machineId) }));
  }

  return {
    list: async (targetId, signal) => (await started(targetId, signal)).map(({ handle: _, ...machine }) => machine),
    async stop(targetId, machineId, signal) {
      const found = (await started(targetId, signal)).filter((machine) => machine.machineId === machineId);
      const [first] = found;
      if (!first) throw new OctopusError('not.found', `No machine ${machineId} is started at this target.`);
      if (first.jobId !== undefined) {
        const message = `A migration cut ${first.name} over to this target: roll it back, or remove the migration and have the machine stopped.`;
        throw new OctopusError('job.state', message);
      }
      const target = await octopus.target(targetId);
      for (const { handle } of found) await target.stop(machineId, handle, signal);
      return first.name;
    },
  };
}
