import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { systemClock } from '../domain/clock.ts';
import { openActivity } from '../store/open-activity.ts';
import { openStore } from '../store/store.ts';
import { createAudit } from './audit.ts';
import { verifyChain } from './verify-chain.ts';

const KILLS = 8;

// Garbage that nobody has collected yet says nothing about what is held at once.
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

test(`killed ${KILLS} times while it appends, the chain is whole and no entry that was answered is lost`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-audit-'));
  const path = join(folder, 'octopus.db');
  try {
    let durable = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'testing', 'append-forever.ts'), path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'close');
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      await Promise.race([once(child.stdout, 'data'), exited]);
      await systemClock.sleep(Math.random() * 120);
      child.kill('SIGKILL');
      expect((await exited)[1]).toBe('SIGKILL');
      durable = Math.max(durable, ...said.split('\n').slice(0, -1).map(Number));
      await using opened = await openActivity(path);
      const report = await verifyChain(opened.activity);
      expect(report).toMatchObject({ whole: true, broken: undefined });
      expect(report.entries).toBeGreaterThanOrEqual(durable);
    }
    expect(durable).toBeGreaterThanOrEqual(KILLS);
    for (const file of await readdir(folder)) expect((await readFile(join(folder, file))).includes('planted-S3cret')).toBe(false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('100,000 entries are verified and exported piece by piece', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-audit-'));
  try {
    await using store = await openStore(join(folder, 'octopus.db'));
    const audit = createAudit({ activity: store.activity, clock: systemClock });
    const all = 100_000;
    for (let begun = 0; begun < all; begun += 5000) {
      await Promise.all(
        Array.from({ length: 5000 }, (_, index) =>
          audit.record({ action: 'run.succeeded', subjectKind: 'job', subjectId: `job-${(begun + index) % 100}`, outcome: 'succeeded' }),
        ),
      );
    }
    const inUse = () => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = inUse();
    let most = 0;
    const look = () => {
      most = Math.max(most, inUse() - before);
    };
    expect(await audit.verify({ onProgress: look })).toMatchObject({ whole: true, entries: all });
    let lines = 0;
    for await (const line of audit.export('csv')) if (line !== '' && ++lines % 10_000 === 0) look();
    expect(lines).toBe(all + 1);
    // All of them at once are about 100 MB as objects.
    expect(most).toBeLessThan(32 * 2 ** 20);
    expect((await audit.list({ subjectId: 'job-7', action: 'run.*' }, { limit: 50 })).entries).toHaveLength(50);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
