import type { Kysely } from 'kysely';
import type { MachineInventory } from '../../domain/machine.ts';
import type { Schema } from '../schema.ts';

export interface StoredMachine {
  id: string;
  sourceEnvironmentId: string;
  /** As last seen; commit describes the machine by it when the source cannot be asked any more. */
  inventory: MachineInventory;
  seenAt: string;
}

export interface MachineRepository {
  /** Adds it, or renews the one with the same instanceUuid in the same environment. Answers what is stored. */
  put(machine: StoredMachine): Promise<StoredMachine>;
  find(id: string): Promise<StoredMachine | undefined>;
  list(): Promise<StoredMachine[]>;
}

export function createMachineRepository(database: Kysely<Schema>): MachineRepository {
  const all = () => database.selectFrom('vms').selectAll();
  return {
    async put({ id, sourceEnvironmentId, inventory, seenAt }) {
      const seen = { ref: inventory.ref, name: inventory.name, inventory_json: JSON.stringify(inventory), seen_at: seenAt };
      const row = await database
        .insertInto('vms')
        .values({ id, source_environment_id: sourceEnvironmentId, instance_uuid: inventory.instanceUuid, ...seen })
        .onConflict((conflict) => conflict.columns(['source_environment_id', 'instance_uuid']).doUpdateSet(seen))
        .returningAll()
        .executeTakeFirstOrThrow();
      return fromRow(row);
    },
    async find(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async list() {
      return (await all().orderBy('name').execute()).map(fromRow);
    },
  };
}

function fromRow(row: Schema['vms']): StoredMachine {
  return {
    id: row.id,
    sourceEnvironmentId: row.source_environment_id,
    inventory: JSON.parse(row.inventory_json) as MachineInventory,
    seenAt: row.seen_at,
  };
}
