import { test } from 'vitest';
import { changeChecks } from './change-checks.ts';
import { machineChecks } from './machine-checks.ts';
import { snapshotChecks } from './snapshot-checks.ts';
import type { SourceTrial } from './source-trial.ts';

export const sourceChecks = [...machineChecks, ...snapshotChecks, ...changeChecks];

/** What every SourceProvider keeps to (source.ts). `open` answers a place of its own for each check. */
export function sourceConformance(name: string, open: () => Promise<SourceTrial>): void {
  test.each(sourceChecks.map((check) => [check.promise, check] as const))(`${name}: %s`, { timeout: 60_000 }, async (_promise, check) => {
    await using trial = await open();
    if (check.needs === undefined || check.needs(trial)) await check.run(trial, await trial.source.machine(trial.machine));
  });
}

/** Whether a source keeps the promise that begins so: for the test of the suite itself. */
export async function keepsPromise(open: () => Promise<SourceTrial>, promise: string): Promise<boolean> {
  const check = sourceChecks.find((one) => one.promise.startsWith(promise));
  if (check === undefined) throw new Error(`No check is called '${promise}'.`);
  await using trial = await open();
  try {
    await check.run(trial, await trial.source.machine(trial.machine));
    return true;
  } catch {
    return false;
  }
}
