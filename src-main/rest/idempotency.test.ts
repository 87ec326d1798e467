import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../store/store.ts';
import { createIdempotency } from './idempotency.ts';
import { createMemoryAnswers } from './memory-answers.ts';
import type { KeptAnswers } from './rest-contract.ts';

let folder: string;
let now: number;
const clock = { now: () => new Date(now), sleep: async () => {} };
const fingerprintKey = Buffer.alloc(32, 7);
const limits = { keep: 24 * 3600_000, perUser: 3, inAll: 5 };
beforeEach(async () => {
  now = Date.UTC(2026, 0, 1);
  folder = await mkdtemp(join(tmpdir(), 'octopus-idempotency-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe.each(['memory', 'database'])('answers kept in %s', (where) => {
  async function withAnswers(test: (answers: KeptAnswers) => Promise<void>): Promise<void> {
    if (where === 'memory') return test(createMemoryAnswers());
    await using store = await openStore(join(folder, 'octopus.db'));
    await test(store.keptAnswers);
  }

  test('one act a key, for a day, and for as many keys as there is room', () =>
    withAnswers(async (answers) => {
      const { once } = createIdempotency({ clock, limits, answers, fingerprintKey });
      let acts = 0;
      const make = (user: string, key: string, body: unknown = {}) => {
        now += 1000;
        return once(user, key, { method: 'POST', url: '/things', body }, async () => ({
          status: 201,
          body: { id: `${++acts}` },
          etag: 'x',
        }));
      };
      const first = await make('ann', 'k');
      expect(first).toEqual({ status: 201, body: { id: '1' }, etag: 'x' });
      expect(await make('ann', 'k')).toEqual(first);
      await expect(make('ann', 'k', { other: true })).rejects.toMatchObject({ code: 'conflict.idempotency' });
      expect((await make('bob', 'k')).body).toEqual({ id: '2' });
      for (const key of ['l', 'm', 'n']) await make('ann', key);
      // Four of hers are one too many: the oldest went.
      expect((await make('ann', 'k')).body).toEqual({ id: '6' });
      expect((await make('bob', 'k')).body).toEqual({ id: '2' });
      for (const user of ['cid', 'dan', 'eve']) await make(user, 'k');
      expect((await make('bob', 'k')).body).not.toEqual({ id: '2' });
      const before = acts;
      now += limits.keep;
      await make('eve', 'k');
      expect(acts).toBe(before + 1);
    }));

  test('what failed may be sent again; what runs is joined', () =>
    withAnswers(async (answers) => {
      const { once } = createIdempotency({ clock, limits, answers, fingerprintKey });
      const request = { method: 'POST', url: '/things', body: {} };
      await expect(once('ann', 'k', request, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
      let release = () => {};
      const act = () => new Promise<{ status: number; body: unknown }>((resolve) => (release = () => resolve({ status: 201, body: 1 })));
      const both = [once('ann', 'k', request, act), once('ann', 'k', request, () => Promise.reject(new Error('twice')))];
      await expect(once('ann', 'k', { ...request, body: 2 }, act)).rejects.toMatchObject({ code: 'conflict.idempotency' });
      const settled = Promise.all(both);
      // It begins once the database knows of it.
      const tick = setInterval(() => release(), 5);
      expect(await settled).toMatchObject([{ body: 1 }, { body: 1 }]);
      clearInterval(tick);
    }));
});

test('after a restart the answer is still there; what a crash interrupted is refused; no body can be guessed at in the database', async () => {
  const request = { method: 'POST', url: '/admin/users', body: { password: 'planted-secret' } };
  const path = join(folder, 'octopus.db');
  {
    await using store = await openStore(path);
    const { once } = createIdempotency({ clock, limits, answers: store.keptAnswers, fingerprintKey });
    await once('ann', 'done', request, async () => ({ status: 201, body: { id: 'u' } }));
    void once('ann', 'begun', request, () => new Promise(() => {}));
    await expect.poll(() => store.keptAnswers.find('ann', 'begun')).toMatchObject({ answer: undefined });
  }
  await using store = await openStore(path);
  const { once } = createIdempotency({ clock, limits, answers: store.keptAnswers, fingerprintKey });
  const never = () => Promise.reject(new Error('twice'));
  expect(await once('ann', 'done', request, never)).toEqual({ status: 201, body: { id: 'u' } });
  await expect(once('ann', 'begun', request, never)).rejects.toMatchObject({
    code: 'conflict.idempotency',
    message: expect.stringContaining('look whether it was done'),
  });
  await expect(once('ann', 'done', { ...request, body: {} }, never)).rejects.toMatchObject({ code: 'conflict.idempotency' });
  const kept = await store.keptAnswers.find('ann', 'done');
  const other = createIdempotency({ clock, limits, answers: store.keptAnswers, fingerprintKey: Buffer.alloc(32, 8) });
  await expect(other.once('ann', 'done', request, never)).rejects.toMatchObject({ code: 'conflict.idempotency' });
  expect(kept?.fingerprint).toHaveLength(44);
  for (const file of await readdir(folder)) expect((await readFile(join(folder, file))).includes('planted-secret')).toBe(false);
});
