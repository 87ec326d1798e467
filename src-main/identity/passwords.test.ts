import { randomBytes, scrypt, scryptSync } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { createGate, createTurns } from './gate.ts';
import { checkNewPassword, createPasswordHasher } from './passwords.ts';
import { defaultIdentitySettings } from './settings.ts';
import { cheap } from './testing/identity-world.ts';

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>();
  return { ...real, scrypt: vi.fn(real.scrypt) };
});

const hasher = (cost = cheap, atOnce = 2, waiting = 100) => createPasswordHasher({ random: randomBytes, cost, atOnce, waiting });

test('the default cost is what OWASP asks for, and works within the memory that Node is given', async () => {
  const { passwordCost } = defaultIdentitySettings;
  expect(passwordCost).toEqual({ logN: 17, r: 8, p: 1 });
  const real = hasher(passwordCost);
  const stored = await real.hash('correct horse battery');
  const [, salt, key] = /^\$scrypt\$ln=17,r=8,p=1\$(.+)\$(.+)$/.exec(stored) ?? [];
  const expected = scryptSync('correct horse battery', Buffer.from(salt as string, 'base64'), 32, {
    N: 2 ** 17,
    r: 8,
    p: 1,
    maxmem: 2 ** 28,
  });
  expect(key).toBe(expected.toString('base64'));
  expect(await real.verify(stored, 'correct horse battery')).toBe(true);
});

test('a user who does not exist costs as much as one who does', async () => {
  const real = hasher({ logN: 14, r: 8, p: 1 });
  const stored = await real.hash('correct horse battery');
  // By what is computed, not by a clock: on a busy machine times say little.
  const work = async (of: string | undefined) => {
    vi.mocked(scrypt).mockClear();
    expect(await real.verify(of, 'wrong')).toBe(false);
    return vi
      .mocked(scrypt)
      .mock.calls.map(([password, salt, bytes, options]) => [password, Buffer.from(salt as Buffer).length, bytes, options]);
  };
  const known = await work(stored);
  expect(known).toEqual([['wrong', 16, 32, expect.objectContaining({ N: 2 ** 14, r: 8, p: 1 })]]);
  expect(await work(undefined)).toEqual(known);
});

test('hashes are salted, verified, and nothing else passes for one', async () => {
  const { hash, verify, isWeak } = hasher();
  const stored = await hash('Änne hat ein Passwort');
  expect(await hash('Änne hat ein Passwort')).not.toBe(stored);
  expect(await verify(stored, 'A\u0308nne hat ein Passwort')).toBe(true);
  expect(await verify(stored, 'änne hat ein Passwort')).toBe(false);
  for (const broken of [undefined, '', 'plain', '$scrypt$ln=4,r=1,p=1$$', stored.slice(0, -8)])
    expect(await verify(broken, 'x')).toBe(false);
  expect(isWeak(stored)).toBe(false);
  expect(hasher({ ...cheap, r: 2 }).isWeak(stored)).toBe(true);
  expect(hasher({ ...cheap, logN: 3 }).isWeak(stored)).toBe(false);
});

test('more sign-ins than may wait are refused, in place of memory', async () => {
  const { hash } = hasher(cheap, 1, 2);
  const results = await Promise.allSettled(Array.from({ length: 6 }, () => hash('x')));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected']);
  expect((results[5] as PromiseRejectedResult).reason).toMatchObject({ code: 'rate.limited', retryable: true });
  await hash('x');
});

test('a gate lets only so many in, in order, and survives failures', async () => {
  const gate = createGate(2, 10);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const work = (n: number) =>
    gate(async () => {
      most = Math.max(most, ++running);
      order.push(n);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      if (n % 2) throw new Error('odd');
    });
  await Promise.allSettled(Array.from({ length: 8 }, (_, n) => work(n)));
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('turns of different names do not wait for each other', async () => {
  const inTurn = createTurns(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = inTurn('a', () => promise);
  const second = inTurn('a', async () => 'second');
  await expect(inTurn('a', async () => 'third')).rejects.toMatchObject({ code: 'rate.limited' });
  expect(await inTurn('b', async () => 'other')).toBe('other');
  resolve();
  await first;
  expect(await second).toBe('second');
});

test('new passwords are long and not the name', () => {
  const good = [
    ['root', 'twelve chars'],
    ['a', 'a banana as a password'],
    ['root', '🐙🐡🦑🦀🦞🐚🐙🐡🦑🦀🦞🐚'],
    ['root', '1234567890 bees'],
  ];
  for (const [name, password] of good) checkNewPassword(name as string, password as string);
  const bad = [
    ['root', ''],
    ['root', 'eleven char'],
    ['root', '🐙🐙🐙🐙🐙🐙'],
    ['root', ' '.repeat(12)],
    ['root', 'aaaaaaaaaaaa'],
    ['root', '🐙🐙🐙🐙🐙🐙🐙🐙🐙🐙🐙🐙'],
    ['root', 'ada ada ada ada'],
    ['root', 'abcabcabcabca'],
    ['root', 'abcdefghijkl'],
    ['root', 'LKJIHGFEDCBA'],
    ['root', '123456789012'],
    ['root', '987654321098'],
    ['administrator', 'Administrator'],
    ['administrator', 'administrator1234'],
    ['root', 'x'.repeat(1025)],
  ];
  for (const [name, password] of bad) {
    expect(() => checkNewPassword(name as string, password as string)).toThrow(expect.objectContaining({ code: 'argument.invalid' }));
  }
});
