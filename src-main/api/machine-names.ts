import type { Services } from './services.ts';

/** Adds what the machines of the migrations are called: a list of ids tells a person nothing. */
export async function withMachineNames<Item extends { migrationId: string | undefined }>(
  { store }: Pick<Services, 'store'>,
  items: readonly Item[],
): Promise<(Item & { machineName: string | undefined })[]> {
  const ids = new Set(items.flatMap(({ migrationId }) => migrationId ?? []));
  const machines = ids.size === 0 ? undefined : await store.jobs.machinesOf([...ids]);
  return items.map((item) => ({ ...item, machineName: machines?.get(item.migrationId ?? '')?.name }));
}
