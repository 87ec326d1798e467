import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { genesisHash } from './repositories/activity-chain.ts';
import { openStore } from './store.ts';

/** Migrations that gave a table another form. What is said of the others is that their rows stay as they are. */
const another: Record<number, string> = {
  // The log became a chain; audit.test.ts looks at what it took over.
  3: 'activity_logs',
  // Nothing ever wrote its first form.
  5: 'scheduled_tasks',
};

interface Column {
  name: string;
  type: string;
  pk: number;
}

const inventory = {
  ...{ ref: 'vm-1', instanceUuid: 'one', name: 'web', folder: '/vm', cluster: 'c', powerState: 'on', memory: 2 ** 30 },
  disks: [{ key: 2000, capacity: 2 ** 20 }],
};
/** Where any text would do in the database, but not for what reads it. */
const documents: Record<string, string> = {
  inventory_json: JSON.stringify(inventory),
  settings_json: '{"keep":3,"verify":"written"}',
  counts_json: '{"read":4,"sent":3,"zero":1,"unchanged":0}',
  point_json: '{}',
};

function value({ name, type }: Column, row: number): string | number | Buffer | null {
  // A task that waits is nobody's.
  if (name === 'state') return 'waiting';
  if (/^lease/.test(name)) return null;
  if (name === 'source') return 'local';
  // The activity log is a chain from its first entry on.
  if (name === 'previous_hash') return row === 1 ? genesisHash : `hash-${row - 1}`;
  if (type === 'INTEGER' || type === 'REAL') return row;
  if (type === 'BLOB') return Buffer.from([row]);
  if (name.endsWith('_json')) return documents[name] ?? (/notes|undone|doubts|disks|tags|groups/.test(name) ? '[]' : '{}');
  if (name.endsWith('_at')) return `2026-01-0${row}T00:00:00.000Z`;
  if (name === 'kind') return 'vsphere';
  // Every id is the same word, so that whatever refers to another table finds its row there.
  return `${name === 'id' || name.endsWith('_id') ? 'row' : name}-${row}`;
}

const tablesOf = (database: Database) =>
  database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .pluck()
    .all() as string[];
const columnsOf = (database: Database, table: string) => database.pragma(`table_info(${table})`) as Column[];

/** Two rows in every table that has none, and nothing that refers to what is not there. */
function fill(database: Database): void {
  database.pragma('foreign_keys = OFF');
  for (const table of tablesOf(database)) {
    if (database.prepare(`SELECT 1 FROM ${table}`).get() !== undefined) continue;
    const columns = columnsOf(database, table);
    const references = new Map((database.pragma(`foreign_key_list(${table})`) as { from: string }[]).map(({ from }) => [from, true]));
    const insert = database.prepare(`INSERT INTO ${table} (${columns.map(({ name }) => `"${name}"`)}) VALUES (${columns.map(() => '?')})`);
    const definition = database.prepare('SELECT sql FROM sqlite_master WHERE name = ?').pluck().get(table) as string;
    for (const row of /CHECK \((id|one) = 1\)/.test(definition) ? [1] : [1, 2]) {
      insert.run(columns.map((column) => (references.has(column.name) && column.type === 'TEXT' ? `row-${row}` : value(column, row))));
    }
  }
  database.pragma('foreign_keys = ON');
  expect(database.pragma('foreign_key_check')).toEqual([]);
}

function contentOf(database: Database, columns: Map<string, Column[]>): Record<string, unknown[]> {
  const all: Record<string, unknown[]> = {};
  for (const [table, of] of columns) {
    const names = of.map(({ name }) => `"${name}"`).join();
    all[table] = database.prepare(`SELECT ${names} FROM ${table} ORDER BY ${names}`).all();
  }
  return all;
}

test.each(migrations.slice(1).map(({ version, name }) => [version, name] as const))(
  'migration %i (%s) keeps every row of every table of the version before',
  (version) => {
    const database = new SqliteDatabase(':memory:');
    migrate(database, migrations.slice(0, version - 1));
    fill(database);
    const columns = new Map(
      tablesOf(database)
        .filter((table) => table !== another[version])
        .map((table) => [table, columnsOf(database, table)]),
    );
    expect(columns.size).toBeGreaterThan(10);
    const before = contentOf(database, columns);
    for (const [table, rows] of Object.entries(before)) expect(rows.length, table).toBeGreaterThan(0);
    migrate(database, migrations.slice(0, version));
    expect(contentOf(database, columns)).toEqual(before);
    expect(database.pragma('foreign_key_check')).toEqual([]);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    // What came new can be written to as well.
    fill(database);
    database.close();
  },
);

test.each(migrations.map(({ version }) => version))('a full database of version %i is opened and read by this one', async (version) => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-older-'));
  try {
    const path = join(folder, 'octopus.db');
    const database = new SqliteDatabase(path);
    migrate(database, migrations.slice(0, version));
    fill(database);
    database.close();
    await using store = await openStore(path);
    expect((await store.machines.list()).map(({ id }) => id).sort()).toEqual(['row-1', 'row-2']);
    expect((await store.jobs.list()).map(({ id }) => id).sort()).toEqual(['row-1', 'row-2']);
    expect((await store.sources.list()).map(({ id }) => id).sort()).toEqual(['row-1', 'row-2']);
    for (const job of ['row-1', 'row-2']) {
      expect(await store.runs.ofJob(job)).toHaveLength(1);
      expect(await store.cutovers.ofJob(job)).toHaveLength(1);
      expect(await store.recoveryPoints.ofJob(job)).toBeDefined();
    }
    expect(await store.schedules.list()).toHaveLength(version >= 5 ? 2 : 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
