import SqliteDatabase from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { openStore } from './store.ts';

const at = (hour: number) => `2026-01-01T0${hour}:00:00.000Z`;
const source = { id: 's', kind: 'vsphere', name: 'vc', url: 'https://vc/sdk', username: 'u', thumbprint: '', instanceUuid: 'i' } as const;

test('a failure is kept since it began, with its newest words, until there is an answer; it goes with its environment', async () => {
  await using store = await openStore(':memory:');
  await store.sources.put({ ...source, createdAt: at(0) });
  expect(await store.contacts.find('s')).toBeUndefined();
  await store.contacts.answered('s', at(1));
  await store.contacts.failed('s', at(2), { code: 'source.unreachable', message: 'It does not answer.' });
  await store.contacts.failed('s', at(3), { code: 'source.denied', message: 'The password is wrong.' });
  const failure = { code: 'source.denied', message: 'The password is wrong.', since: at(2) };
  expect(await store.contacts.find('s')).toEqual({ askedAt: at(3), answeredAt: at(1), failure });
  await store.contacts.answered('s', at(4));
  expect(await store.contacts.all()).toEqual(new Map([['s', { askedAt: at(4), answeredAt: at(4) }]]));
  await store.sources.remove('s');
  expect(await store.contacts.all()).toEqual(new Map());
});

test('a vCenter that was called after its product is called by its host, whoever was given a name keeps it', () => {
  const database = new SqliteDatabase(':memory:');
  migrate(database, migrations.slice(0, 11));
  const add = database.prepare("INSERT INTO source_environments VALUES (?, ?, ?, ?, '', '', ?, '', '{}')");
  add.run('a', 'vsphere', 'VMware vCenter Server 8.0.3 build-1', 'https://vc1.example/sdk', 'a');
  add.run('b', 'vsphere', 'VMware vCenter Server 8.0.3 build-1', 'https://vc2.example:8443/sdk', 'b');
  add.run('c', 'vsphere', 'Octopus lab', 'https://127.0.0.1:1/sdk', 'c');
  add.run('d', 'images', 'VMware exports', '', 'd');
  migrate(database, migrations.slice(0, 12));
  expect(database.prepare('SELECT name FROM source_environments ORDER BY id').pluck().all()).toEqual([
    ...['vc1.example', 'vc2.example:8443', 'Octopus lab', 'VMware exports'],
  ]);
  database.close();
});
