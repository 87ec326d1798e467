import { type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { MachineInventory, PowerState } from '../../domain/machine.ts';
import { nameKey } from '../../domain/user.ts';
import type { Schema } from '../schema.ts';
import { isDamaged } from './damage.ts';
import { countMachines, type MachineCount } from './machine-counts.ts';

export interface StoredMachine {
  id: string;
  sourceEnvironmentId: string;
  /** As last seen; commit describes the machine by it when the source cannot be asked any more. */
  inventory: MachineInventory;
  seenAt: string;
}

export const machineSortKeys = ['name', 'folder', 'cluster', 'memory', 'capacity'] as const;
export type MachineSortKey = (typeof machineSortKeys)[number];
/** `pending`: a job, but no recovery point that the target still holds. */
export type Protection = 'none' | 'pending' | 'protected' | 'cut-over';

export interface MachineQuery {
  /** Part of the name, any case. */
  text?: string | undefined;
  sourceEnvironmentId?: string | undefined;
  /** This folder and those in it. */
  folder?: string | undefined;
  cluster?: string | undefined;
  powerState?: PowerState | undefined;
  protection?: Protection | undefined;
  /** Only these. */
  ids?: string[] | undefined;
  sort: MachineSortKey;
  descending: boolean;
  limit: number;
  /** The last one of the page before. */
  after?: { key: string | number; id: string } | undefined;
  /** As many of the order are passed over. */
  position?: number | undefined;
}

export interface ListedMachine extends StoredMachine {
  /** Its place in the order: what `after` of the next page says. */
  key: string | number;
  protection: Protection;
}

export interface MachineRepository {
  /** Adds it, or renews the one with the same instanceUuid in the same environment. Answers what is stored. */
  put(machine: StoredMachine): Promise<StoredMachine>;
  /** Like put, for a whole inventory: all or nothing. */
  putAll(machines: StoredMachine[]): Promise<void>;
  find(id: string): Promise<StoredMachine | undefined>;
  /** One with its state of protection. */
  look(id: string): Promise<ListedMachine | undefined>;
  list(): Promise<StoredMachine[]>;
  page(query: MachineQuery): Promise<ListedMachine[]>;
  /** How many the filter lets through, on all pages. */
  count(filter: MachineFilter): Promise<number>;
  /** By source, folder and cluster. */
  counts(): Promise<MachineCount[]>;
  /** By source: how many are known, and when one of them was last seen. A source without any is left out. */
  seen(): Promise<{ sourceEnvironmentId: string; machines: number; seenAt: string }[]>;
  /** Forgets those of the environment that were last seen before `at` and that no job is about. Answers how many. */
  removeUnseen(sourceEnvironmentId: string, at: string): Promise<number>;
}

export type MachineFilter = Omit<MachineQuery, 'sort' | 'descending' | 'limit' | 'after' | 'position'>;

/** Which column a listing is ordered by. All of them are in the index vms_listing. */
const columns = { name: 'name_key', folder: 'folder', cluster: 'cluster', memory: 'memory', capacity: 'capacity' } as const;

export function createMachineRepository(database: Kysely<Schema>): MachineRepository {
  const all = () => database.selectFrom('vms').selectAll();

  async function withProtection(rows: Schema['vms'][], sort: MachineSortKey): Promise<ListedMachine[]> {
    if (rows.length === 0) return [];
    const jobs = await database
      .selectFrom('migration_jobs')
      .select(['vm_id', 'state'])
      .select(sql<number>`${sql.raw(holdsPoint)}`.as('held'))
      .where(
        'vm_id',
        'in',
        rows.map(({ id }) => id),
      )
      .execute();
    const found = new Map<string, Protection>();
    for (const job of jobs) found.set(job.vm_id, mightier(found.get(job.vm_id), stateOf(job)));
    return rows.map((row) => ({ ...fromRow(row), key: row[columns[sort]], protection: found.get(row.id) ?? 'none' }));
  }

  return {
    async put(machine) {
      const row = await upsert(database, machine).returningAll().executeTakeFirstOrThrow();
      return fromRow(row);
    },
    async putAll(machines) {
      await database.transaction().execute(async (transaction) => {
        for (const machine of machines) await upsert(transaction, machine).execute();
      });
    },
    async find(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async look(id) {
      return (await withProtection(await all().where('id', '=', id).execute(), 'name'))[0];
    },
    async list() {
      return (await all().orderBy('name').execute()).map(fromRow);
    },
    async page(query) {
      const column = columns[query.sort];
      const direction = query.descending ? 'desc' : 'asc';
      // Ids first: they come out of the index alone, and the documents are read for one page only.
      let ids = database.selectFrom('vms').select('id').where(matches(query));
      const { after } = query;
      if (after) {
        if (typeof after.key !== (query.sort === 'memory' || query.sort === 'capacity' ? 'number' : 'string')) {
          throw new OctopusError('argument.invalid', 'The cursor belongs to another sort.', { field: 'cursor' });
        }
        ids = ids.where(sql<SqlBool>`(${sql.ref(column)}, id) ${sql.raw(query.descending ? '<' : '>')} (${after.key}, ${after.id})`);
      }
      const ordered = ids.orderBy(column, direction).orderBy('id', direction).limit(query.limit);
      const page = await (query.position ? ordered.offset(query.position) : ordered).execute();
      const wanted = page.map(({ id }) => id);
      const rows = wanted.length === 0 ? [] : await all().where('id', 'in', wanted).execute();
      const byId = new Map(rows.map((row) => [row.id, row]));
      return withProtection(
        wanted.flatMap((id) => byId.get(id) ?? []),
        query.sort,
      );
    },
    async count(filter) {
      const row = await database
        .selectFrom('vms')
        .select((build) => build.fn.countAll<number>().as('n'))
        .where(matches(filter))
        .executeTakeFirstOrThrow();
      return row.n;
    },
    counts: () => countMachines(database),
    seen: () =>
      database
        .selectFrom('vms')
        .select(({ fn }) => [
          'source_environment_id as sourceEnvironmentId',
          fn.countAll<number>().as('machines'),
          fn.max('seen_at').as('seenAt'),
        ])
        .groupBy('source_environment_id')
        .execute(),
    async removeUnseen(sourceEnvironmentId, at) {
      const gone = database
        .selectFrom('vms')
        .select('id')
        .where('source_environment_id', '=', sourceEnvironmentId)
        .where('seen_at', '<', at)
        .where('id', 'not in', database.selectFrom('migration_jobs').select('vm_id'));
      return database.transaction().execute(async (transaction) => {
        const ids = (await transaction.executeQuery(gone.compile())).rows.map(({ id }) => id);
        for (const id of ids) {
          await transaction.deleteFrom('size_estimations').where('vm_id', '=', id).execute();
          await transaction.deleteFrom('vms').where('id', '=', id).execute();
        }
        return ids.length;
      });
    },
  };
}

const holdsPoint = `(EXISTS (SELECT 1 FROM recovery_points p WHERE p.removed_at IS NULL AND p.job_id = migration_jobs.id)
  AND NOT ${isDamaged('migration_jobs.id')})`;
const ofState = {
  'cut-over': "SELECT vm_id FROM migration_jobs WHERE state = 'cut-over'",
  protected: `SELECT vm_id FROM migration_jobs WHERE ${holdsPoint}`,
  any: 'SELECT vm_id FROM migration_jobs',
};
/** A machine with several jobs shows the one that has come furthest. */
const ranks: readonly Protection[] = ['none', 'pending', 'protected', 'cut-over'];

function mightier(one: Protection | undefined, other: Protection): Protection {
  return one !== undefined && ranks.indexOf(one) > ranks.indexOf(other) ? one : other;
}

function stateOf(job: { state: string; held: number }): Protection {
  if (job.state === 'cut-over') return 'cut-over';
  return job.held ? 'protected' : 'pending';
}

function matches(query: MachineFilter) {
  return (build: ExpressionBuilder<Schema, 'vms'>) => {
    const wanted = [];
    if (query.text) wanted.push(sql<SqlBool>`instr(name_key, ${nameKey(query.text)}) > 0`);
    if (query.sourceEnvironmentId !== undefined) wanted.push(build('source_environment_id', '=', query.sourceEnvironmentId));
    if (query.folder) {
      const below = `${query.folder.replace(/\/+$/, '')}/`;
      wanted.push(sql<SqlBool>`(folder = ${query.folder} OR substr(folder, 1, length(${below})) = ${below})`);
    }
    if (query.cluster !== undefined) wanted.push(build('cluster', '=', query.cluster));
    if (query.powerState !== undefined) wanted.push(build('power_state', '=', query.powerState));
    if (query.ids !== undefined) wanted.push(build('id', 'in', query.ids));
    if (query.protection !== undefined) wanted.push(...protectedAs(query.protection));
    return build.and(wanted);
  };
}

function protectedAs(state: Protection) {
  const isIn = (list: string) => sql<SqlBool>`id IN (${sql.raw(list)})`;
  const isNotIn = (list: string) => sql<SqlBool>`id NOT IN (${sql.raw(list)})`;
  switch (state) {
    case 'none':
      return [isNotIn(ofState.any)];
    case 'pending':
      return [isIn(ofState.any), isNotIn(ofState.protected), isNotIn(ofState['cut-over'])];
    case 'protected':
      return [isIn(ofState.protected), isNotIn(ofState['cut-over'])];
    case 'cut-over':
      return [isIn(ofState['cut-over'])];
  }
}

function upsert(database: Kysely<Schema>, { id, sourceEnvironmentId, inventory, seenAt }: StoredMachine) {
  const seen = {
    ref: inventory.ref,
    name: inventory.name,
    inventory_json: JSON.stringify(inventory),
    seen_at: seenAt,
    name_key: nameKey(inventory.name),
    folder: inventory.folder ?? '',
    cluster: inventory.cluster ?? '',
    power_state: inventory.powerState ?? '',
    memory: inventory.memory ?? 0,
    capacity: (inventory.disks ?? []).reduce((sum, disk) => sum + disk.capacity, 0),
  };
  return database
    .insertInto('vms')
    .values({ id, source_environment_id: sourceEnvironmentId, instance_uuid: inventory.instanceUuid, ...seen })
    .onConflict((conflict) =>
      conflict.columns(['source_environment_id', 'instance_uuid']).doUpdateSet({
        ...seen,
        // Of two syncs at once the later one decides what is still there: the earlier one must not make it look older.
        seen_at: sql<string>`max(vms.seen_at, excluded.seen_at)`,
      }),
    );
}

function fromRow(row: Schema['vms']): StoredMachine {
  return {
    id: row.id,
    sourceEnvironmentId: row.source_environment_id,
    inventory: JSON.parse(row.inventory_json) as MachineInventory,
    seenAt: row.seen_at,
  };
}
