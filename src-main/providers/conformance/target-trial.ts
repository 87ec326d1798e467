import { expect } from 'vitest';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import type { RecoveryPoint } from '../../domain/recovery-point.ts';
import type { ReplicaHandle, TargetProvider } from '../target.ts';

/** A fresh place for each check. */
export interface TargetTrial extends AsyncDisposable {
  target: TargetProvider;
  machineId: string;
  machine: MachineInventory;
  /** Writes this into every replica, as a run would. */
  fill(replicas: ReplicaHandle[], runId: string, byte: number): Promise<void>;
  /** What such a run hands to commit(). */
  point(id: string, replicas: ReplicaHandle[], takenAt: string): Promise<RecoveryPoint>;
  /** What the point holds of a disk. */
  content(pointId: string, key: number): Promise<Buffer>;
}

export interface TargetCheck {
  promise: string;
  run(trial: TargetTrial): Promise<void>;
}

export const SIZE = 2 * 2 ** 20 + 512;
export const disks = [
  { key: 2000, objectId: '1-2000', capacity: SIZE },
  { key: 2001, objectId: '1-2001', capacity: 2 ** 20 },
];

/** A whole run: prepared, written, committed. */
export async function committed(trial: TargetTrial, id: string, minute: number): Promise<RecoveryPoint> {
  const replicas = await trial.target.prepareReplica(trial.machineId, disks);
  await trial.fill(replicas, `run-${id}`, minute);
  const point = await trial.point(id, replicas, `2026-01-01T00:0${minute}:00.000Z`);
  await trial.target.commit(trial.machineId, trial.machine, point);
  return point;
}

export const idsOf = async ({ target, machineId }: TargetTrial) => (await target.recoveryPoints(machineId)).map(({ id }) => id);

export async function refusedAs(call: Promise<unknown>): Promise<string> {
  const outcome = await call.then(
    () => 'it passed',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(OctopusError);
  expect((outcome as OctopusError).message).toMatch(/[.?]$/);
  return (outcome as OctopusError).code;
}
