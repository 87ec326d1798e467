import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../store/store.ts';
import { auditCommand } from './audit.ts';
import { keepingTerminal } from './testing/run-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-audit-command-'));
  await using store = await openStore(join(folder, 'octopus.db'));
  for (const day of [1, 2, 3]) {
    await store.activity.append({
      at: `2026-01-0${day}T12:00:00.000Z`,
      actor: { userId: 'u-1', name: 'Anna' },
      action: 'source.create',
      message: '=1+1',
      outcome: 'succeeded',
    });
  }
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(...args: string[]) {
  const { terminal, out, err } = keepingTerminal();
  const result = await auditCommand.run(args, terminal).catch((error: Error & { code: string }) => error);
  return { result, out, err };
}

test('verify proves the chain beside a running Octopus, and prints a head that can be noted', async () => {
  await using running = await openStore(join(folder, 'octopus.db'));
  const whole = await run('verify', '--data', folder);
  expect(whole).toMatchObject({ result: 0, err: [], out: [expect.stringMatching(/^The chain is whole: 3 entries, head [0-9a-f]{64}$/)] });
  const noted = whole.out[0]!.slice(-64);
  await running.activity.add({ at: '2026-01-04T12:00:00.000Z', action: 'run.succeeded', subject: 'job', message: 'Done.' });
  const json = await run('verify', '--data', folder, '--json', '--noted', noted);
  expect(json.result).toBe(0);
  expect(JSON.parse(json.out.join('\n'))).toMatchObject({ whole: true, entries: 4 });
  expect(await run('verify', '--data', folder, '--noted', 'ab'.repeat(32))).toMatchObject({ result: 1 });
});

test('verify names the first entry that is broken, and why', async () => {
  const database = new SqliteDatabase(join(folder, 'octopus.db'));
  database.exec("DROP TRIGGER activity_logs_no_update; UPDATE activity_logs SET actor = 'Bert' WHERE id = 2");
  database.close();
  const { result, out, err } = await run('verify', '--data', folder);
  expect([result, out]).toEqual([1, []]);
  expect(err.join('\n')).toBe(
    'The chain is BROKEN at entry 2: Entry 2 was changed: its content, or its hash, is not what was written.\n1 entry before it holds.',
  );
  const json = await run('verify', '--data', folder, '--json');
  expect(json.result).toBe(1);
  expect(JSON.parse(json.out.join('\n'))).toMatchObject({ whole: false, entries: 1, broken: { id: 2, fault: 'changed' } });
});

test('export writes what was asked for', async () => {
  const json = await run('export', '--data', folder, '--from', '2026-01-02', '--to', '2026-01-03');
  expect(json.out.map((line) => JSON.parse(line))).toMatchObject([{ id: 2, actor: 'Anna' }]);
  const csv = await run('export', '--data', folder, '--format', 'csv');
  expect(csv.out).toHaveLength(4);
  expect(csv.out[1]).toMatch(/^1,2026-01-01T12:00:00\.000Z,u-1,Anna,,source\.create,,,"'=1\+1",.*\r$/);
});

test.each([
  [[], /Give verify or export/],
  [['prove'], /Give verify or export/],
  [['verify'], /--data DIR is missing/],
  [['verify', 'export', '--data', '.'], /one argument too many/],
  [['verify', '--data', '.', '--format', 'csv'], /--format does not belong to octopus audit verify/],
  [['export', '--data', '.', '--json'], /--json does not belong/],
  [['verify', '--data', '.', '--noted', 'x'], /64 hex digits/],
  [['export', '--data', '.', '--format', 'xml'], /csv or json/],
  [['export', '--data', '.', '--from', 'now'], /from must be a date/],
  [['verify', '--data', '/nowhere'], /no database \/nowhere/],
])('%j is refused', async (args, message) => {
  expect((await run(...args)).result).toMatchObject({ code: 'argument.invalid', message: expect.stringMatching(message) });
});

test('what is no database of ours is refused and stays as it is', async () => {
  await writeFile(join(folder, 'octopus.db'), 'no database, but long enough to be taken for one'.repeat(40));
  await rm(join(folder, 'octopus.db-wal'), { force: true });
  expect((await run('verify', '--data', folder)).result).toMatchObject({ code: 'store.corrupt' });
});
