export interface StartedAtTarget {
  /** The source's lasting id of the machine. */
  machineId: string;
  name: string;
  running: boolean;
  since: string;
  where: string;
  /** The migration that cut over to it, or is just doing so. */
  jobId: string | undefined;
}

/** What runs at a target because Octopus started it there. */
export interface TargetMachineService {
  list(targetId: string, signal: AbortSignal): Promise<StartedAtTarget[]>;
  /** Answers the machine's name. `not.found` where it is not started there, `job.state` where a migration answers for it. */
  stop(targetId: string, machineId: string, signal: AbortSignal): Promise<string>;
}
