import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import { expect, test } from 'vitest';
import { SIGNING_KEYS_NAME } from './signing-keys.ts';
import { adminPassword, createSetUpWorld } from './testing/identity-world.ts';

const here = '127.0.0.1';

test('whatever order tokens come in: only the newest of a family renews, and an older one ends that family alone', async () => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('newest' as const), family: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('older' as const), family: fc.nat(2), back: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('both at once' as const), family: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('sign out' as const), family: fc.nat(2), back: fc.nat(5) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const families = await Promise.all(
        [0, 1, 2].map(async () => ({ signedIn: [await identity.signIn('root', adminPassword, here)], alive: true })),
      );
      const refusal = (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ code: 'auth.required' });
      for (const action of steps) {
        const family = families[action.family] as (typeof families)[number];
        const at = family.signedIn.length - 1 - ('back' in action ? Math.min(action.back, family.signedIn.length - 1) : 0);
        const token = family.signedIn[at]?.refreshToken as string;
        const newest = at === family.signedIn.length - 1;
        if (action.do === 'sign out') {
          await identity.signOut(token);
          family.alive = false;
        } else if (action.do === 'both at once') {
          const results = await Promise.allSettled([identity.refresh(token), identity.refresh(token)]);
          const letIn = results.filter(({ status }) => status === 'fulfilled').length;
          expect(letIn).toBeLessThanOrEqual(family.alive ? 1 : 0);
          family.alive = false;
        } else if (family.alive && newest) {
          family.signedIn.push(await identity.refresh(token));
        } else {
          await refusal(identity.refresh(token));
          family.alive = false;
        }
        for (const { alive, signedIn } of families) {
          const access = identity.authenticate(signedIn.at(-1)?.accessToken as string);
          if (alive) expect(await access).toMatchObject({ name: 'root' });
          else await refusal(access);
        }
      }
      await identity.signOut(await identity.authenticate((await identity.signIn('root', adminPassword, here)).accessToken));
    }),
    { numRuns: 25, seed: Number(process.env.OCTOPUS_SEED ?? 20_260_401) },
  );
});

test('a reused token says so, and keeps saying so', async () => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const first = await identity.signIn('root', adminPassword, here);
  const second = await identity.refresh(first.refreshToken);
  for (const token of [first.refreshToken, second.refreshToken, first.refreshToken]) {
    await expect(identity.refresh(token)).rejects.toMatchObject({ code: 'auth.required', details: { reason: 'reused' } });
  }
});

test('a new key signs nobody out; a lost one costs a renewal', async () => {
  await using world = await createSetUpWorld();
  const { identity, keys } = world;
  const before = await identity.signIn('root', adminPassword, here);
  await Promise.all([keys.rotate(), keys.rotate()]);
  const after = await identity.refresh(before.refreshToken);
  for (const { accessToken } of [before, after]) {
    await identity.authenticate(accessToken);
    await world.another().authenticate(accessToken);
  }
  const kid = (token: string) => jwt.decode(token, { complete: true })?.header.kid;
  expect(kid(after.accessToken)).not.toBe(kid(before.accessToken));
  const ring = JSON.parse(world.secrets.get(SIGNING_KEYS_NAME) as string);
  expect(ring.previous).toHaveLength(2);
  world.pass(25 * 60 * 60_000);
  await keys.rotate();
  expect(JSON.parse(world.secrets.get(SIGNING_KEYS_NAME) as string).previous).toHaveLength(1);

  for (let count = 0; count < 30; count++) await keys.rotate();
  expect(world.secrets.get(SIGNING_KEYS_NAME)?.length).toBeLessThan(2560);

  world.secrets.set(SIGNING_KEYS_NAME, '{"current":');
  const restarted = world.another();
  const renewed = await restarted.refresh(after.refreshToken);
  await restarted.authenticate(renewed.accessToken);
  await expect(restarted.authenticate(after.accessToken)).rejects.toMatchObject({ code: 'auth.required' });
});

test('tokens that this key ring did not sign are refused', async () => {
  await using world = await createSetUpWorld();
  const { identity, keys } = world;
  const { accessToken, refreshToken } = await identity.signIn('root', adminPassword, here);
  const { kid, secret } = await keys.current();
  const claims = jwt.decode(accessToken) as jwt.JwtPayload;
  const [header, payload, signature] = accessToken.split('.') as [string, string, string];
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT', kid })).toString('base64url');
  const mightier = Buffer.from(JSON.stringify({ ...claims, sub: 'another' })).toString('base64url');
  const { exp: _exp, ...endless } = claims;
  for (const bad of [
    '',
    'Bearer ',
    'nonsense',
    'a.b.c',
    refreshToken,
    `${none}.${payload}.`,
    `${none}.${payload}.${signature}`,
    `${header}.${mightier}.${signature}`,
    `${header}.${payload}.`,
    jwt.sign(claims, 'another secret', { keyid: kid }),
    jwt.sign(claims, secret, { keyid: 'unknown' }),
    jwt.sign(claims, secret),
    jwt.sign(claims, secret, { keyid: kid, algorithm: 'HS512' }),
    jwt.sign({ ...claims, aud: 'another' }, secret, { keyid: kid }),
    jwt.sign({ ...claims, iss: 'another' }, secret, { keyid: kid }),
    jwt.sign({ ...claims, sub: 'another' }, secret, { keyid: kid }),
    jwt.sign({ ...claims, sid: 'another' }, secret, { keyid: kid }),
    jwt.sign(endless, secret, { keyid: kid, noTimestamp: true }),
  ]) {
    await expect(identity.authenticate(bad), bad).rejects.toMatchObject({ code: 'auth.required' });
  }
  expect(await identity.authenticate(jwt.sign(claims, secret, { keyid: kid }))).toMatchObject({ name: 'root' });
});

test('where the vault cannot be read, a token is not used up', async () => {
  await using world = await createSetUpWorld();
  const { refreshToken } = await world.identity.signIn('root', adminPassword, here);
  const locked = world.another();
  const get = world.secrets.get.bind(world.secrets);
  world.secrets.get = () => {
    throw new Error('The keychain is locked.');
  };
  await expect(locked.refresh(refreshToken)).rejects.toThrow('locked');
  world.secrets.get = get;
  await locked.refresh(refreshToken);
});
