import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { expect, test } from 'vitest';
import { randomFrom } from '../../workers/testing/random-from.ts';
import { verifyChain } from '../audit/verify-chain.ts';
import { openActivity } from '../store/open-activity.ts';

const seed = Number(process.env.OCTOPUS_SEED ?? 20_260_401);
const KILLS = 26;
/** At once, each in a folder of its own: what one leaves the next goes on with. */
const LINES = 2;

async function life(folder: string, scenario: number, killAt: number) {
  const script = join(import.meta.dirname, 'testing', 'crash-child.ts');
  const child = spawn(process.execPath, [script, folder, String(scenario), String(killAt)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`seed ${seed}: the application failed: ${err}`);
  return { killed: signal === 'SIGKILL', writes: Number(out) };
}

/** `settled`: an application that was not killed has opened it since. */
async function examine(folder: string, settled: boolean): Promise<number> {
  const path = join(folder, 'data', 'octopus.db');
  const database = new SqliteDatabase(path);
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.pragma('foreign_key_check')).toEqual([]);
    // Killed before the first migration: then there is nothing yet.
    const made = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'secrets'").get();
    if (!made) return 0;
    const vault = Object.keys(JSON.parse(await readFile(join(folder, 'vault.json'), 'utf8')) as object);
    const rows = database.prepare('SELECT reference, owner_kind, owner_id FROM secrets').all() as {
      reference: string;
      owner_kind: string;
      owner_id: string;
    }[];
    if (settled) {
      const sources = database.prepare('SELECT id FROM source_environments').pluck().all();
      const owners = rows.filter(({ owner_kind, owner_id }) => owner_kind === 'source' && !sources.includes(owner_id));
      expect(owners, 'secrets of nobody').toEqual([]);
      expect(rows.map(({ reference }) => reference).sort(), 'a row for each secret and a secret for each row').toEqual(
        vault.filter((reference) => reference.startsWith('kept:')).sort(),
      );
    }
    const orphans = database
      .prepare("SELECT subject_id FROM shares WHERE kind = 'migration' AND subject_id NOT IN (SELECT id FROM migration_jobs)")
      .all();
    expect(orphans, 'shares of nothing').toEqual([]);
  } finally {
    database.close();
  }
  await using log = await openActivity(path);
  const report = await verifyChain(log.activity);
  expect(report).toMatchObject({ whole: true, broken: undefined });
  return report.entries;
}

test(`killed ${KILLS} times between any two writes, what is left is consistent and goes on (seed ${seed})`, async () => {
  console.log(`OCTOPUS_SEED=${seed}`);
  const folder = await mkdtemp(join(tmpdir(), 'octopus-crash-'));
  async function line(at: number) {
    const random = randomFrom(seed + at);
    let kills = 0;
    const own = join(folder, `line-${at}`);
    await mkdir(join(own, 'data'), { recursive: true });
    await writeFile(join(own, 'vault.json'), '{}');
    let entries = 0;
    while (kills < KILLS / LINES) {
      const { killed } = await life(own, Math.floor(random() * 2 ** 31), 1 + Math.floor(random() ** 2 * 150));
      if (killed) kills++;
      const now = await examine(own, !killed);
      expect(now, 'nothing of the activity log is lost').toBeGreaterThanOrEqual(entries);
      entries = now;
    }
    expect((await life(own, 1, Number.MAX_SAFE_INTEGER)).writes).toBeGreaterThan(0);
    expect(await examine(own, true)).toBeGreaterThan(entries);
    for (const file of await readdir(join(own, 'data'))) {
      expect((await readFile(join(own, 'data', file))).includes('secret 1'), file).toBe(false);
    }
  }
  try {
    await Promise.all(Array.from({ length: LINES }, (_, at) => line(at)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
