import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MachineInventory, PowerState } from '../domain/machine.ts';
import { noCounts } from '../domain/run.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import type { MachineQuery, Protection } from './repositories/vms.ts';
import { openStore, type Store } from './store.ts';
import { pointDisk } from './testing/point-disk.ts';

const COUNT = 10_000;
const at = '2026-01-02T03:04:05.000Z';
const id = (n: number) => `m-${String((n * 7919) % COUNT).padStart(5, '0')}`;
const inventory = (n: number): MachineInventory => ({
  ref: `vm-${n}`,
  instanceUuid: `uuid-${n}`,
  name: n % 1000 === 7 ? `Łódź-${n}` : `Web-${String(n % 5000).padStart(5, '0')}`,
  folder: `/DC/vm/team ${n % 20}${n % 3 === 0 ? '/inner' : ''}`,
  host: `host-${n % 40}`,
  cluster: n % 11 === 0 ? undefined : `cluster ${n % 8}`,
  powerState: (['on', 'off', 'suspended'] as const)[n % 3] as PowerState,
  firmware: 'bios',
  secureBoot: false,
  guestId: 'debian12_64Guest',
  guestName: 'Debian',
  tools: 'toolsOk',
  cpus: 2,
  memory: 2 ** 30 * (1 + (n % 16)),
  hardwareVersion: 19,
  changeTracking: true,
  template: false,
  tags: [],
  disks: [
    {
      key: 2000,
      objectId: `d-${n}`,
      label: 'Hard disk 1',
      capacity: 2 ** 30 * (n % 100),
      datastore: 'ds',
      path: '[ds] a/a.vmdk',
      thin: true,
      excluded: undefined,
    },
  ],
  adapters: [],
  snapshotCount: 0,
  consolidationNeeded: false,
});

let folder: string;
let store: Store;
const machines = Array.from({ length: COUNT }, (_, n) => ({
  id: id(n),
  sourceEnvironmentId: n % 4 === 0 ? 's-2' : 's-1',
  inventory: inventory(n),
  seenAt: at,
}));
const protection = new Map<string, Protection>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-listing-'));
  store = await openStore(join(folder, 'octopus.db'));
  for (const source of ['s-1', 's-2']) {
    const rest = { kind: 'vsphere', url: 'https://a/sdk', username: 'u', thumbprint: 'AA', createdAt: at } as const;
    await store.sources.put({ id: source, name: source, instanceUuid: source, ...rest });
  }
  await store.targets.put({ id: 't', kind: 'local', name: 'folder', location: '/x', settings: {}, createdAt: at });
  await store.machines.putAll(machines);
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  for (let n = 0; n < 60; n++) {
    const machineId = id(n);
    const state = n % 3 === 0 ? 'cut-over' : 'active';
    await store.jobs.put({ id: `j-${n}`, machineId, targetEnvironmentId: 't', state, settings, createdAt: at });
    protection.set(machineId, n % 3 === 0 ? 'cut-over' : n % 3 === 1 ? 'protected' : 'pending');
    if (n % 3 === 2 && n % 2 === 0) continue;
    const run = { id: `r-${n}`, jobId: `j-${n}`, kind: 'full', state: 'succeeded', phase: 'prune', resumes: 0, notes: [] } as const;
    await store.runs.add({
      ...run,
      snapshotRef: undefined,
      snapshotTakenAt: undefined,
      trackingDoubt: undefined,
      notes: [],
      counts: noCounts,
      reconnects: 0,
      recoveryPointId: `p-${n}`,
      error: undefined,
      startedAt: at,
      endedAt: at,
    });
    await store.recoveryPoints.add(
      `j-${n}`,
      { id: `p-${n}`, runId: `r-${n}`, kind: 'full', doubts: [], takenAt: at, verified: 'all', disks: [pointDisk] },
      at,
    );
    // A point that the target no longer holds protects nothing.
    if (n % 3 === 2) await store.recoveryPoints.markRemoved([`p-${n}`], at);
  }
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function walk(query: Partial<MachineQuery>, limit = 400): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  let after: MachineQuery['after'];
  for (let pages = 1; ; pages++) {
    const page = await store.machines.page({ sort: 'name', descending: false, limit, ...query, after });
    ids.push(...page.map((machine) => machine.id));
    const last = page.at(-1);
    if (page.length < limit || !last) return { ids, pages };
    after = { key: last.key, id: last.id };
  }
}

const keys = {
  name: ({ inventory: { name } }: (typeof machines)[number]) => name.normalize('NFKC').toLowerCase(),
  folder: ({ inventory: { folder: path } }: (typeof machines)[number]) => path,
  cluster: ({ inventory: { cluster } }: (typeof machines)[number]) => cluster ?? '',
  memory: ({ inventory: { memory } }: (typeof machines)[number]) => memory,
  capacity: ({ inventory: { disks } }: (typeof machines)[number]) => disks.reduce((sum, disk) => sum + disk.capacity, 0),
};

test.each(Object.keys(keys) as (keyof typeof keys)[])('by %s, up and down: pages hold every machine once, in order', async (sort) => {
  const key = keys[sort];
  const compare = <Value extends string | number>(a: Value, b: Value) =>
    typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(b as string)) : Number(a) - Number(b);
  const expected = [...machines]
    .sort((a, b) => compare(key(a) as string, key(b) as string) || compare(a.id, b.id))
    .map((machine) => machine.id);
  expect((await walk({ sort })).ids).toEqual(expected);
  expect((await walk({ sort, descending: true }, 499)).ids).toEqual(expected.reverse());
});

test('any part of the order can be jumped to', async () => {
  const { ids } = await walk({ sort: 'capacity', descending: true, powerState: 'on' });
  const part = await store.machines.page({ sort: 'capacity', descending: true, powerState: 'on', limit: 20, position: 3200 });
  expect(part.map((machine) => machine.id)).toEqual(ids.slice(3200, 3220));
});

const filters: [string, Partial<MachineQuery>, (machine: (typeof machines)[number]) => boolean][] = [
  ['part of a name, any case', { text: 'wEB-0012' }, ({ inventory: { name } }) => name.startsWith('Web-0012')],
  ['a name beyond ASCII', { text: 'łÓDŹ' }, ({ inventory: { name } }) => name.startsWith('Łódź')],
  ['signs that a pattern would understand', { text: '%' }, () => false],
  ['a source', { sourceEnvironmentId: 's-2' }, (machine) => machine.sourceEnvironmentId === 's-2'],
  ['a folder and what is in it', { folder: '/DC/vm/team 1' }, ({ inventory: { folder: path } }) => /team 1(\/|$)/.test(path)],
  ['a cluster', { cluster: 'cluster 3' }, ({ inventory: { cluster } }) => cluster === 'cluster 3'],
  ['a power state', { powerState: 'suspended' }, ({ inventory: { powerState } }) => powerState === 'suspended'],
  ...(['none', 'pending', 'protected', 'cut-over'] as const).map((state): (typeof filters)[number] => [
    `protection: ${state}`,
    { protection: state },
    (machine) => (protection.get(machine.id) ?? 'none') === state,
  ]),
  ['ids', { ids: [id(3), id(77), 'none'] }, (machine) => [id(3), id(77)].includes(machine.id)],
  [
    'a folder and a cluster',
    { folder: '/DC/vm/team 1', cluster: 'cluster 3' },
    ({ inventory: { folder: path, cluster } }) => /team 1(\/|$)/.test(path) && cluster === 'cluster 3',
  ],
  [
    'several at once',
    { text: 'web', powerState: 'on', sourceEnvironmentId: 's-1', cluster: 'cluster 5', sort: 'memory' },
    ({ sourceEnvironmentId, inventory: { name, powerState, cluster } }) =>
      name.startsWith('Web') && powerState === 'on' && sourceEnvironmentId === 's-1' && cluster === 'cluster 5',
  ],
];
test.each(filters)('by %s', async (_name, query, wanted) => {
  const { ids } = await walk(query);
  expect(ids.sort()).toEqual(
    machines
      .filter(wanted)
      .map((machine) => machine.id)
      .sort(),
  );
});

test('the count is of what the filter lets through, on all pages', async () => {
  for (const [, query, wanted] of filters) expect(await store.machines.count(query)).toBe(machines.filter(wanted).length);
  expect(await store.machines.count({})).toBe(COUNT);
});

test('machines are counted by source, folder and cluster, with those that are protected', async () => {
  const expected = new Map<string, [number, number]>();
  for (const machine of machines) {
    const { folder: path, cluster = '' } = machine.inventory;
    const key = `${machine.sourceEnvironmentId} ${path} ${cluster}`;
    const [all, kept] = expected.get(key) ?? [0, 0];
    const counts = ['protected', 'cut-over'].includes(protection.get(machine.id) ?? 'none') ? 1 : 0;
    expected.set(key, [all + 1, kept + counts]);
  }
  const counted = await store.machines.counts();
  expect(new Map(counted.map((one) => [`${one.sourceEnvironmentId} ${one.folder} ${one.cluster}`, [one.machines, one.protected]]))).toEqual(
    expected,
  );
  const database = new SqliteDatabase(join(folder, 'octopus.db'), { readonly: true });
  const sql = 'SELECT source_environment_id, folder, cluster, count(*) FROM vms GROUP BY source_environment_id, folder, cluster';
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
  database.close();
  expect(plan.map(({ detail }) => detail).join('\n')).toMatch(/COVERING INDEX vms_tree/);
});

test('the state of protection is told with each machine', async () => {
  for (const machine of await store.machines.page({ sort: 'name', descending: false, limit: 500, protection: 'protected' })) {
    expect(machine.protection).toBe('protected');
  }
  expect((await store.machines.look(id(0)))?.protection).toBe('cut-over');
  expect((await store.machines.look(id(9999)))?.protection).toBe('none');
  expect(await store.machines.look('none')).toBeUndefined();
});

test('a cursor of another sort is refused', async () => {
  const query = { sort: 'memory', descending: false, limit: 5, after: { key: 'web', id: 'x' } } as const;
  await expect(store.machines.page(query)).rejects.toMatchObject({ code: 'argument.invalid', field: 'cursor' });
});

test('a listing reads the index, not the documents', () => {
  const database = new SqliteDatabase(join(folder, 'octopus.db'), { readonly: true });
  const plan = database
    .prepare("EXPLAIN QUERY PLAN SELECT id FROM vms WHERE cluster = 'x' AND instr(name_key, 'y') > 0 ORDER BY memory, id LIMIT 50")
    .all() as { detail: string }[];
  database.close();
  expect(plan.map(({ detail }) => detail).join('\n')).toContain('COVERING INDEX vms_listing');
});

test('machines that the last sync no longer saw are forgotten, unless a job is about them', async () => {
  const later = '2026-02-02T00:00:00.000Z';
  const seen = machines.slice(0, 50).filter((machine) => machine.sourceEnvironmentId === 's-2' && !protection.has(machine.id));
  await store.machines.putAll(seen.map((machine) => ({ ...machine, seenAt: later })));
  const jobs = [...protection.keys()].filter((machine) => machines.find((one) => one.id === machine)?.sourceEnvironmentId === 's-2').length;
  expect(await store.machines.removeUnseen('s-2', later)).toBe(COUNT / 4 - jobs - seen.length);
  expect((await walk({ sourceEnvironmentId: 's-2' })).ids).toHaveLength(jobs + seen.length);
  const told = (await store.machines.seen()).find(({ sourceEnvironmentId }) => sourceEnvironmentId === 's-2');
  expect(told).toEqual({ sourceEnvironmentId: 's-2', machines: jobs + seen.length, seenAt: seen.length > 0 ? later : at });
});

test('machines of an older database are listed as well', () => {
  const database = new SqliteDatabase(':memory:');
  migrate(database, migrations.slice(0, 3));
  database.exec("INSERT INTO source_environments VALUES ('s', 'vsphere', 'n', 'u', 'x', 't', 'i', 'a')");
  const document = JSON.stringify(inventory(3));
  database
    .prepare(
      "INSERT INTO vms (id, source_environment_id, instance_uuid, ref, name, inventory_json, seen_at) VALUES ('m', 's', 'u', 'r', 'WEB', ?, 'a')",
    )
    .run(document);
  migrate(database);
  expect(database.prepare('SELECT name_key, folder, cluster, power_state, memory, capacity FROM vms').get()).toEqual({
    name_key: 'web',
    folder: '/DC/vm/team 3/inner',
    cluster: 'cluster 3',
    power_state: 'on',
    memory: 4 * 2 ** 30,
    capacity: 3 * 2 ** 30,
  });
  database.close();
});
