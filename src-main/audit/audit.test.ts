import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDraft } from '../domain/activity.ts';
import { migrate } from '../store/migrate.ts';
import { migrations } from '../store/migrations/migrations.ts';
import { genesisHash } from '../store/repositories/activity-chain.ts';
import { openStore, type Store } from '../store/store.ts';
import { type Audit, createAudit } from './audit.ts';
import { csvRecord } from './export-activity.ts';

let folder: string;
let path: string;
let store: Store;
let audit: Audit;
let time = 0;
const clock = { now: () => new Date(Date.UTC(2026, 0, 1) + time++ * 60_000) };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-audit-'));
  path = join(folder, 'octopus.db');
  time = 0;
  store = await openStore(path);
  audit = createAudit({ activity: store.activity, clock });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const anna = { userId: 'u-1', name: 'Anna' };
const act = (over: Partial<ActivityDraft> = {}) => ({
  actor: anna,
  address: '127.0.0.1',
  action: 'source.update',
  subjectKind: 'source',
  subjectId: 's-1',
  message: 'Changed the source vc.',
  before: { name: 'vc', url: 'https://a' },
  after: { url: 'https://b', name: 'vc' },
  outcome: 'succeeded' as const,
  ...over,
});

/** As someone would who has the file: the guards are gone first. */
function tamper(...statements: string[]): void {
  const database = new SqliteDatabase(path);
  for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all() as { name: string }[]) {
    database.exec(`DROP TRIGGER ${name}`);
  }
  for (const statement of statements) database.exec(statement);
  database.close();
}

describe('the chain', () => {
  it('is whole when empty, and after entries from many callers at once, which stand in the order of their calls', async () => {
    expect(await audit.verify()).toEqual({ whole: true, entries: 0, head: genesisHash, broken: undefined });
    const entries = await Promise.all(Array.from({ length: 1200 }, (_, number) => audit.record(act({ subjectId: String(number) }))));
    expect(entries.map(({ id, subjectId }) => [id, subjectId])).toEqual(entries.map((_, index) => [index + 1, String(index)]));
    expect(entries[0]?.previousHash).toBe(genesisHash);
    expect(await audit.verify()).toMatchObject({ whole: true, entries: 1200, head: entries.at(-1)?.hash });
  });

  it('holds for any text and any value', async () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('\ud800', 'a\u0000b', '\u2028', '"\\', '😀', '\r\n'));
    const draft = fc.record({ message: text, subjectId: text, address: text, before: fc.anything(), after: fc.jsonValue() });
    await fc.assert(
      fc.asyncProperty(draft, async (over) => {
        await audit.record(act({ ...over, actor: { userId: over.subjectId, name: over.message } }));
      }),
      { numRuns: 150, seed: Number(process.env.OCTOPUS_SEED ?? 20_260_401) },
    );
    expect(await audit.verify()).toMatchObject({ whole: true, broken: undefined });
    for await (const line of audit.export('json')) expect(line.endsWith('}\n')).toBe(true);
  });

  it('goes on by the next process, and with entries of the replicator', async () => {
    await audit.record(act());
    await store.activity.add({ at: '2026-01-01T00:00:00.000Z', action: 'run.failed', subject: 'job-1', message: 'Full.' });
    await store.close();
    store = await openStore(path);
    audit = createAudit({ activity: store.activity, clock });
    await audit.record(act());
    expect(await audit.verify()).toMatchObject({ whole: true, entries: 3 });
    expect(await store.activity.of('job-1', 5)).toEqual([
      { at: '2026-01-01T00:00:00.000Z', action: 'run.failed', subject: 'job-1', message: 'Full.' },
    ]);
    expect((await audit.list({ subjectKind: 'job' })).entries[0]).toMatchObject({ outcome: 'failed', actor: undefined });
  });

  it('fails only the entries that cannot be written', async () => {
    const hostile = {
      get name(): string {
        throw new Error('a defect');
      },
    };
    const drafts = [act(), act({ outcome: undefined as never }), act({ after: hostile }), act()];
    const settled = await Promise.allSettled([...drafts, ...drafts].map((draft) => audit.record(draft)));
    expect(settled.map(({ status }) => status === 'fulfilled')).toEqual([true, false, false, true, true, false, false, true]);
    await expect(audit.record(act({ outcome: undefined as never }))).rejects.toThrow();
    expect(await audit.verify()).toMatchObject({ whole: true, entries: 4 });
  });

  it('takes over entries of before the chain', async () => {
    const old = join(folder, 'old.db');
    const database = new SqliteDatabase(old);
    migrate(database, migrations.slice(0, 2));
    const insert = database.prepare('INSERT INTO activity_logs (id, at, action, subject, message) VALUES (?, ?, ?, ?, ?)');
    insert.run(3, '2025-01-01T00:00:00.000Z', 'run.succeeded', 'job-1', 'One.');
    insert.run(7, '2025-01-02T00:00:00.000Z', 'run.failed', 'job-1', 'Two.');
    database.close();
    await using migrated = await openStore(old);
    expect((await migrated.activity.of('job-1', 9)).map(({ message }) => message)).toEqual(['Two.', 'One.']);
    const chained = createAudit({ activity: migrated.activity, clock });
    await chained.record(act());
    expect(await chained.verify()).toMatchObject({ whole: true, entries: 3 });
  });
});

describe('what was done behind its back', () => {
  beforeEach(async () => {
    await Promise.all([1, 2, 3, 4, 5, 6].map((number) => audit.record(act({ errorCode: 'target.full', subjectId: `s-${number}` }))));
  });

  it.each([
    'UPDATE activity_logs SET message = NULL WHERE id = 2',
    'DELETE FROM activity_logs WHERE id = 6',
    'DELETE FROM activity_logs',
    "INSERT OR REPLACE INTO activity_logs SELECT id, at, actor_id, actor, address, action, subject_kind, subject_id, 'other', before_json, after_json, outcome, error_code, previous_hash, hash FROM activity_logs WHERE id = 6",
    'INSERT INTO activity_logs SELECT 9, at, actor_id, actor, address, action, subject_kind, subject_id, message, before_json, after_json, outcome, error_code, previous_hash, hash FROM activity_logs WHERE id = 6',
    'UPDATE activity_head SET last_id = 5',
    "UPDATE activity_head SET hash = ''",
    'DELETE FROM activity_head',
  ])('is refused: %s', async (statement) => {
    const database = new SqliteDatabase(path);
    expect(() => database.exec(statement)).toThrow(/append-only|continue its chain|activity_head/);
    database.close();
    expect(await audit.verify()).toMatchObject({ whole: true, entries: 6 });
  });

  it.each([
    ['at', "'2026-01-01T00:00:00.001Z'"],
    ['actor_id', "'u-2'"],
    ['actor', "'Bert'"],
    ['actor', 'NULL'],
    ['address', "'10.0.0.1'"],
    ['action', "'source.remove'"],
    ['subject_kind', "'target'"],
    ['subject_id', "'s-9'"],
    ['message', "'Nothing happened.'"],
    ['before_json', "replace(before_json, 'vc', 'vd')"],
    ['after_json', "after_json || ' '"],
    ['after_json', 'NULL'],
    ['outcome', "'failed'"],
    ['error_code', 'NULL'],
    ['hash', 'lower(hex(randomblob(32)))'],
    ['previous_hash', 'lower(hex(randomblob(32)))'],
  ])('a changed %s (%s) is found', async (column, value) => {
    tamper(`UPDATE activity_logs SET ${column} = ${value} WHERE id = 4`);
    expect(await audit.verify()).toMatchObject({ whole: false, entries: 3, broken: { id: 4, fault: 'changed' } });
  });

  it('text that is moved from a field into the JSON beside it is found', async () => {
    await audit.record(act({ after: null, before: undefined, message: 'x' }));
    tamper(`UPDATE activity_logs SET after_json = 'null,"at":"' || at || '","before":null' WHERE id = 7`);
    expect(await audit.verify()).toMatchObject({ broken: { id: 7, fault: 'changed' } });
  });

  it.each([
    ['the first row deleted', ['DELETE FROM activity_logs WHERE id = 1'], 1, 'missing'],
    ['a row deleted', ['DELETE FROM activity_logs WHERE id = 3'], 3, 'missing'],
    ['the last row deleted', ['DELETE FROM activity_logs WHERE id = 6'], 6, 'missing'],
    ['all rows deleted', ['DELETE FROM activity_logs'], 1, 'missing'],
    [
      'the row deleted and the rest moved up',
      ['DELETE FROM activity_logs WHERE id = 3', 'UPDATE activity_logs SET id = id - 1 WHERE id > 3'],
      3,
      'changed',
    ],
    [
      'two rows swapped',
      [
        'UPDATE activity_logs SET id = 99 WHERE id = 2',
        'UPDATE activity_logs SET id = 2 WHERE id = 5',
        'UPDATE activity_logs SET id = 5 WHERE id = 99',
      ],
      2,
      'changed',
    ],
    [
      'a row before the first',
      ["INSERT INTO activity_logs (id, at, action, outcome, previous_hash, hash) VALUES (0, '', '', '', '', '')"],
      0,
      'surplus',
    ],
    [
      'a row behind the last',
      ["INSERT INTO activity_logs (id, at, action, outcome, previous_hash, hash) VALUES (7, '', '', '', '', '')"],
      7,
      'surplus',
    ],
    ['another head', ["UPDATE activity_head SET hash = 'ab'"], 6, 'head'],
  ] as const)('%s', async (_what, statements, id, fault) => {
    tamper(...statements);
    const report = await audit.verify();
    expect(report).toMatchObject({ whole: false, broken: { id, fault } });
    expect(report.broken?.message).toMatch(/^(Entry|No entry) /);
  });

  it('a row that was written anew with a fitting hash is found by the next one', async () => {
    const database = new SqliteDatabase(path);
    const rows = database.prepare('SELECT * FROM activity_logs WHERE id = 3').all() as Record<string, string>[];
    database.close();
    const { activityHash } = await import('../store/repositories/activity-chain.ts');
    const changed = { ...(rows[0] as never as Parameters<typeof activityHash>[1]), message: 'Another.' };
    const hash = activityHash(rows[0]!.previous_hash!, changed);
    tamper(`UPDATE activity_logs SET message = 'Another.', hash = '${hash}' WHERE id = 3`);
    expect(await audit.verify()).toMatchObject({ entries: 3, broken: { id: 4, fault: 'unlinked' } });
  });

  it('an end that was cut with its record is found by a hash that was noted', async () => {
    const { head } = await audit.verify();
    tamper(
      'DELETE FROM activity_logs WHERE id = 6',
      'UPDATE activity_head SET last_id = 5, hash = (SELECT hash FROM activity_logs WHERE id = 5)',
    );
    expect(await audit.verify()).toMatchObject({ whole: true, entries: 5 });
    expect(await audit.verify({ noted: head })).toMatchObject({ whole: false, broken: { fault: 'noted' } });
    expect(await audit.verify({ noted: genesisHash })).toMatchObject({ whole: true });
  });
});

describe('list', () => {
  it('pages from the newest while entries are added', async () => {
    for (let number = 1; number <= 7; number++) await audit.record(act());
    const first = await audit.list({}, { limit: 3 });
    await audit.record(act());
    const second = await audit.list({}, { limit: 3, cursor: first.cursor });
    const third = await audit.list({}, { limit: 3, cursor: second.cursor });
    expect([first, second, third].map(({ entries }) => entries.map(({ id }) => id))).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
    expect(third.cursor).toBeUndefined();
    await expect(audit.list({}, { limit: 0 })).rejects.toMatchObject({ code: 'argument.invalid', field: 'limit' });
    await expect(audit.list({}, { cursor: '-1' })).rejects.toMatchObject({ code: 'argument.invalid', field: 'cursor' });
  });

  it('filters by who, action, subject, outcome, time and text', async () => {
    await audit.record(act());
    await audit.record(
      act({ actor: { userId: 'u-2', name: 'Bert' }, action: 'source.remove', outcome: 'refused', errorCode: 'auth.forbidden' }),
    );
    await audit.record(act({ actor: undefined, address: undefined, action: 'sources.sync', subjectId: 's-2', message: '100% of _all_' }));
    const ids = async (filter: Parameters<Audit['list']>[0]) => (await audit.list(filter)).entries.map(({ id }) => id);
    expect(await ids({ actor: 'Bert' })).toEqual([2]);
    expect(await ids({ actor: 'u-1' })).toEqual([1]);
    expect(await ids({ action: 'source.update' })).toEqual([1]);
    expect(await ids({ action: 'source.*' })).toEqual([2, 1]);
    expect(await ids({ subjectKind: 'source', subjectId: 's-2' })).toEqual([3]);
    expect(await ids({ outcome: 'refused' })).toEqual([2]);
    expect(await ids({ from: '2026-01-01T00:01:00Z' })).toEqual([3, 2]);
    expect(await ids({ to: '2026-01-01T01:01+01:00' })).toEqual([1]);
    expect(await ids({ from: '2026-01-02' })).toEqual([]);
    expect(await ids({ text: 'HTTPS://B' })).toEqual([3, 2, 1]);
    expect(await ids({ text: '100%' })).toEqual([3]);
    expect(await ids({ text: '_all_' })).toEqual([3]);
    expect(await ids({ text: "'; DROP TABLE activity_logs; --" })).toEqual([]);
    expect(await ids({ text: 'forbidden', outcome: 'succeeded' })).toEqual([]);
    await expect(ids({ from: 'yesterday' })).rejects.toMatchObject({ code: 'argument.invalid', field: 'from' });
    await expect(ids({ to: '2026-13-01' })).rejects.toMatchObject({ code: 'argument.invalid', field: 'to' });
  });
});

describe('secrets and sizes', () => {
  it('never reach the database, whatever the field', async () => {
    const planted = 'planted-S3cret';
    const entry = await audit.record(
      act({
        before: { connection: { password: planted, name: 'vc' } },
        after: [{ headers: { Authorization: `Bearer ${planted}` }, url: `https://u:${planted}@h` }],
        message: `password=${planted}`,
      }),
    );
    expect(JSON.stringify(entry)).not.toContain(planted);
    expect(entry.before).toEqual({ connection: { password: '***', name: 'vc' } });
    const database = new SqliteDatabase(path, { readonly: true });
    expect(JSON.stringify(database.prepare('SELECT * FROM activity_logs').all())).not.toContain(planted);
    database.close();
    expect((await audit.record(act({ after: Array(100_000).fill('x') }))).after).toEqual({ omittedBytes: 400_001 });
  });
});

describe('export', () => {
  it('as JSON lines, each of which proves itself without Octopus', async () => {
    await audit.record(act({ message: 'Ünï "code"' }));
    await audit.record(act({ actor: undefined, message: undefined, before: undefined, after: { list: [1, { b: 2, a: 1 }] } }));
    const sorted = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(sorted)
        : value !== null && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value)
                .sort(([a], [b]) => (a < b ? -1 : 1))
                .map(([key, member]) => [key, sorted(member)]),
            )
          : value;
    let previous = createHash('sha256').update('octopus activity log 1').digest('hex');
    let lines = 0;
    for await (const line of audit.export('json')) {
      const { previousHash, hash, ...body } = JSON.parse(line) as { previousHash: string; hash: string };
      expect(previousHash).toBe(previous);
      expect(
        createHash('sha256')
          .update(`${previousHash}\n${JSON.stringify(sorted(body))}`)
          .digest('hex'),
      ).toBe(hash);
      previous = hash;
      lines += 1;
    }
    expect(lines).toBe(2);
  });

  it('as CSV by RFC 4180, in which no cell is a formula', async () => {
    expect(csvRecord(['a', 'b "c"', 'd,e', 'f\r\ng', undefined, -1, 'h'])).toBe('a,"b ""c""","d,e","f\r\ng",,-1,h\r\n');
    for (const text of [
      '=1+1',
      '+1',
      '-1',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      '  =1',
      '\n@x',
      '＝1',
      '\ufeff=1',
      '\u0000=1',
      '=cmd|"/c calc"!A1',
    ]) {
      expect(csvRecord([text])).toBe(`"'${text.replaceAll('"', '""')}"\r\n`);
    }
    await audit.record(act({ message: '=HYPERLINK("https://evil")', subjectId: undefined }));
    await audit.record(act({ message: 'two\nlines' }));
    const records: string[] = [];
    for await (const record of audit.export('csv', { from: '2026-01-01' })) records.push(record);
    expect(records).toHaveLength(3);
    expect(records[0]).toBe(
      'id,at,actorId,actor,address,action,subjectKind,subjectId,message,outcome,errorCode,before,after,previousHash,hash\r\n',
    );
    expect(records[1]).toContain(
      `1,2026-01-01T00:00:00.000Z,u-1,Anna,127.0.0.1,source.update,source,,"'=HYPERLINK(""https://evil"")",succeeded,,"{""name"":""vc"",`,
    );
  });

  it('ends where the log ended when it began, and stops when told', async () => {
    for (let number = 1; number <= 3; number++) await audit.record(act());
    const seen: string[] = [];
    for await (const line of audit.export('json')) {
      seen.push(line);
      await audit.record(act());
    }
    expect(seen).toHaveLength(3);
    const stopped = audit.export('json', {}, AbortSignal.abort(new DOMException('Stopped', 'AbortError')));
    await expect(stopped[Symbol.asyncIterator]().next()).rejects.toMatchObject({ name: 'AbortError' });
  });
});
