import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { adminPassword, createIdentityWorld, createSetUpWorld } from './testing/identity-world.ts';

const minute = 60_000;
const hour = 60 * minute;
const password = 'a password of some length';
const another = 'another one, as long';
const here = '127.0.0.1';

test('the first start makes one administrator, for the holder of the latest set-up token, once', async () => {
  await using world = await createIdentityWorld();
  const { identity } = world;
  expect(await identity.isSetUp()).toBe(false);
  await expect(identity.setUp(undefined, 'root', adminPassword)).rejects.toMatchObject({ code: 'auth.denied' });
  const first = await identity.issueSetUpToken();
  const token = (await world.another().issueSetUpToken()) as string;
  await expect(identity.setUp(first, 'root', adminPassword)).rejects.toMatchObject({ code: 'auth.denied' });
  await expect(identity.setUp(token, 'root', 'short')).rejects.toMatchObject({ code: 'argument.invalid', field: 'password' });
  const [one, two] = await Promise.allSettled([identity.setUp(token, 'root', adminPassword), identity.setUp(token, 'eve', adminPassword)]);
  expect([one.status, two.status].sort()).toEqual(['fulfilled', 'rejected']);
  const refused = (one.status === 'rejected' ? one : two) as PromiseRejectedResult;
  expect(refused.reason).toMatchObject({ code: 'conflict.set-up' });
  expect(await identity.listUsers()).toMatchObject([{ role: 'admin', mustChangePassword: false, lastSignInAt: expect.any(String) }]);
  await expect(identity.setUp(token, 'again', adminPassword)).rejects.toMatchObject({ code: 'conflict.set-up' });
  expect(await identity.issueSetUpToken()).toBeUndefined();
});

test('a program that nobody else reaches may set up without a token', async () => {
  await using world = await createIdentityWorld({ setUpNeedsToken: false });
  const { accessToken } = await world.identity.setUp(undefined, 'root', adminPassword);
  expect(await world.identity.authenticate(accessToken)).toMatchObject({ name: 'root', role: 'admin' });
});

test('sign in, act, renew, sign out', async () => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const signedIn = await identity.signIn(' ROOT ', adminPassword, here);
  const caller = await identity.authenticate(`Bearer ${signedIn.accessToken}`);
  expect(caller).toMatchObject({ userId: signedIn.user.id, name: 'root', role: 'admin' });
  world.pass(9 * minute);
  await identity.authenticate(signedIn.accessToken);
  world.pass(minute);
  await expect(identity.authenticate(signedIn.accessToken)).rejects.toMatchObject({
    code: 'auth.required',
    details: { reason: 'expired' },
  });
  const renewed = await identity.refresh(signedIn.refreshToken);
  expect(renewed.refreshToken).not.toBe(signedIn.refreshToken);
  await identity.authenticate(renewed.accessToken);
  expect(await identity.sessions(caller)).toHaveLength(2);
  await identity.signOut(renewed.refreshToken);
  await expect(identity.authenticate(renewed.accessToken)).rejects.toMatchObject({ code: 'auth.required' });
  await expect(identity.refresh(renewed.refreshToken)).rejects.toMatchObject({ details: { reason: 'ended' } });
  await identity.signOut('unknown');
  await identity.signOut(caller);
  expect(await identity.sessions(caller)).toEqual([]);
});

test('a refresh token ends unused after a week, a session after a month however often it is renewed', async () => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const idle = await identity.signIn('root', adminPassword, here);
  world.pass(7 * 24 * hour);
  await expect(identity.refresh(idle.refreshToken)).rejects.toMatchObject({ details: { reason: 'expired' } });
  let kept = await identity.signIn('root', adminPassword, here);
  for (let day = 0; day < 28; day += 4) {
    world.pass(4 * 24 * hour);
    kept = await identity.refresh(kept.refreshToken);
  }
  world.pass(2 * 24 * hour - minute);
  kept = await identity.refresh(kept.refreshToken);
  world.pass(minute);
  await expect(identity.authenticate(kept.accessToken)).rejects.toMatchObject({ code: 'auth.required' });
  await expect(identity.refresh(kept.refreshToken)).rejects.toMatchObject({ details: { reason: 'expired' } });
  // The next sign-in forgets what is over.
  world.pass(minute);
  await identity.signIn('root', adminPassword, here);
  await expect(identity.refresh(kept.refreshToken)).rejects.toMatchObject({ details: { reason: 'invalid' } });
});

test('wrong name, wrong password and disabled user answer alike', async () => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const { id } = await identity.createUser({ name: 'gone', role: 'operator', password });
  await identity.disableUser(id);
  const answers = await Promise.all(
    [
      ['root', 'wrong'],
      ['nobody', adminPassword],
      ['gone', password],
    ].map(([name, word]) => identity.signIn(name as string, word as string, here).catch((error) => error)),
  );
  for (const answer of answers) expect({ ...answer, message: answer.message }).toEqual({ ...answers[0], message: answers[0].message });
  expect(answers[0]).toMatchObject({ code: 'auth.denied' });
  for (const [name, word] of [
    ['', password],
    ['root', ''],
    ['x'.repeat(300), password],
    ['root', 'x'.repeat(2000)],
  ]) {
    await expect(identity.signIn(name as string, word as string, here)).rejects.toMatchObject({ code: 'argument.invalid' });
  }
});

test.each(['root', 'nobody'])('failures of %s cost more and more time, then a quarter of an hour, also in parallel', async (name) => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const fail = (by = identity) => by.signIn(name, 'not the password', here).catch((error) => error);
  const pauses: number[] = [];
  const burst = await Promise.all(Array.from({ length: 10 }, () => fail()));
  expect(burst.map(({ code }) => code)).toEqual([...Array(3).fill('auth.denied'), ...Array(7).fill('auth.locked')]);
  pauses.push(burst[3].details.retryAfterSeconds);
  for (let count = 3; count < 11; count++) {
    world.pass((pauses.at(-1) as number) * 1000);
    expect((await fail()).code).toBe('auth.denied');
    const locked = await fail();
    expect(locked).toMatchObject({ code: 'auth.locked', retryable: true });
    pauses.push(locked.details.retryAfterSeconds);
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 900, 900]);
  if (name === 'nobody') return;
  // Neither the right password nor a new start gets around the pause.
  await expect(identity.signIn(name, adminPassword, here)).rejects.toMatchObject({ code: 'auth.locked' });
  expect((await fail(world.another())).code).toBe('auth.locked');
  expect((await identity.listUsers())[0]?.lockedUntil).toBeDefined();
  world.pass(900_000);
  await identity.signIn(name, adminPassword, here);
  expect((await fail()).code).toBe('auth.denied');
  expect((await fail()).code).toBe('auth.denied');
});

test('a change of password proves the old one, ends the other sessions and keeps the own', async () => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const own = await identity.signIn('root', adminPassword, here);
  const other = await identity.signIn('root', adminPassword, here);
  const caller = await identity.authenticate(own.accessToken);
  await expect(identity.changePassword(caller, 'wrong', another)).rejects.toMatchObject({ code: 'argument.invalid', field: 'current' });
  for (const weak of ['', 'short', adminPassword, ' '.repeat(20), 'ROOTrootRoot']) {
    await expect(identity.changePassword(caller, adminPassword, weak)).rejects.toMatchObject({ code: 'argument.invalid', field: 'next' });
  }
  await identity.changePassword(caller, adminPassword, another);
  await identity.authenticate(own.accessToken);
  await identity.refresh(own.refreshToken);
  await expect(identity.authenticate(other.accessToken)).rejects.toMatchObject({ code: 'auth.required' });
  await expect(identity.refresh(other.refreshToken)).rejects.toMatchObject({ code: 'auth.required' });
  await expect(identity.signIn('root', adminPassword, here)).rejects.toMatchObject({ code: 'auth.denied' });
  await identity.signIn('root', another, here);
  // Whoever found an unlocked screen cannot guess on.
  for (let tries = 0; tries < 3; tries++) await identity.changePassword(caller, 'guess', password).catch(() => {});
  await expect(identity.changePassword(caller, another, password)).rejects.toMatchObject({ code: 'auth.locked' });
});

test('a password that an administrator chose gives the least role until it is changed', async () => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const { id } = await identity.createUser({ name: 'Änne', role: 'operator', password });
  // Composed differently, in another case: the same name.
  const { accessToken, refreshToken, user } = await identity.signIn('a\u0308NNE', password, here);
  expect(user).toMatchObject({ role: 'operator', mustChangePassword: true });
  const caller = await identity.authenticate(accessToken);
  expect(caller).toMatchObject({ role: 'viewer', mustChangePassword: true });
  await identity.changePassword(caller, password, another);
  expect(await identity.authenticate(accessToken)).toEqual({ userId: id, name: 'Änne', role: 'operator', sessionId: caller.sessionId });
  for (let tries = 0; tries < 4; tries++) await identity.signIn('änne', 'wrong', here).catch(() => {});
  await identity.resetPassword(id, password);
  await expect(identity.refresh(refreshToken)).rejects.toMatchObject({ details: { reason: 'ended' } });
  await expect(identity.signIn('änne', another, here)).rejects.toMatchObject({ code: 'auth.denied' });
  expect((await identity.signIn('änne', password, here)).user.mustChangePassword).toBe(true);
});

test('users are managed, and the last local administrator stays', async () => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const [root] = await identity.listUsers();
  const rootId = root?.id as string;
  const lastAdmin = { code: 'conflict.last-admin' };
  await expect(identity.disableUser(rootId)).rejects.toMatchObject(lastAdmin);
  await expect(identity.updateUser(rootId, { role: 'viewer' })).rejects.toMatchObject(lastAdmin);
  const second = await identity.createUser({ name: 'second', role: 'admin', password, mustChangePassword: false });
  await expect(identity.createUser({ name: 'SECOND', role: 'viewer', password })).rejects.toMatchObject({ code: 'conflict.exists' });
  await expect(identity.updateUser(second.id, { name: 'Root' })).rejects.toMatchObject({ code: 'conflict.exists' });
  for (const name of ['', ' ', 'a\nb', 'a\u200bb', 'x'.repeat(201), 'a b/c <x>', 'a;b', '"a"', '@', '-a', 'a:b']) {
    await expect(identity.createUser({ name, role: 'viewer', password })).rejects.toMatchObject({
      code: 'argument.invalid',
      field: 'name',
    });
  }
  for (const name of ['anna.o’neil', 'j_doe-2', 'ann@example.org', 'Zoë van der Berg', '山田太郎', 'x'.repeat(200)]) {
    expect(await identity.createUser({ name: ` ${name} `, role: 'viewer', password })).toMatchObject({ name });
  }
  const both = await Promise.allSettled([identity.disableUser(rootId), identity.updateUser(second.id, { role: 'operator' })]);
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  // A role counts for tokens that are out already, and so does a disabled user.
  const { accessToken, refreshToken } = await identity.signIn('second', password, here);
  await identity.updateUser(rootId, { disabled: false });
  await identity.updateUser(second.id, { role: 'operator', name: 'Secundus' });
  expect(await identity.authenticate(accessToken)).toMatchObject({ role: 'operator', name: 'Secundus' });
  await identity.disableUser(second.id);
  await expect(identity.authenticate(accessToken)).rejects.toMatchObject({ code: 'auth.required' });
  await identity.updateUser(second.id, { disabled: false });
  await expect(identity.refresh(refreshToken)).rejects.toMatchObject({ code: 'auth.required' });
  const again = await identity.signIn('secundus', password, here);
  await identity.signOutUser(second.id);
  await expect(identity.authenticate(again.accessToken)).rejects.toMatchObject({ code: 'auth.required' });
  for (const missing of [
    identity.getUser('x'),
    identity.updateUser('x', {}),
    identity.resetPassword('x', password),
    identity.signOutUser('x'),
  ]) {
    await expect(missing).rejects.toMatchObject({ code: 'not.found' });
  }
});

test('a pause that a wrong clock gave ends with the clock, not years later', async () => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const fail = (name: string) => identity.signIn(name, 'wrong', here).catch(() => undefined);
  world.pass(10 * 365 * 24 * hour);
  for (let tries = 0; tries < 3; tries++) for (const name of ['root', 'nobody']) await fail(name);
  await expect(identity.signIn('root', adminPassword, here)).rejects.toMatchObject({ code: 'auth.locked' });
  world.pass(-10 * 365 * 24 * hour);
  expect((await identity.listUsers())[0]?.lockedUntil).toBeUndefined();
  await identity.signIn('root', adminPassword, here);
  await expect(identity.signIn('nobody', 'wrong', here)).rejects.toMatchObject({ code: 'auth.denied' });
});

test('a change of a user that is refused in part is refused as a whole', async () => {
  await using world = await createSetUpWorld();
  const { identity } = world;
  const { id } = await identity.createUser({ name: 'accounting department', role: 'viewer', password, mustChangePassword: false });
  const { accessToken } = await identity.signIn('accounting department', password, here);
  const tooClose = { role: 'admin', disabled: true, password: 'accounting department1' } as const;
  await expect(identity.updateUser(id, tooClose)).rejects.toMatchObject({ code: 'argument.invalid', field: 'password' });
  expect(await identity.getUser(id)).toMatchObject({ role: 'viewer', disabled: false });
  await identity.authenticate(accessToken);
  expect(await identity.updateUser(id, { role: 'operator', password: another })).toMatchObject({
    role: 'operator',
    mustChangePassword: true,
  });
  await expect(identity.authenticate(accessToken)).rejects.toMatchObject({ code: 'auth.required' });
  await expect(identity.signIn('accounting department', password, here)).rejects.toMatchObject({ code: 'auth.denied' });
  await identity.signIn('accounting department', another, here);
});

test('a hash that cost less than new ones is renewed at the sign-in', async () => {
  await using world = await createSetUpWorld();
  const stored = async () => (await world.store.users.byName('root'))?.passwordHash;
  const before = await stored();
  const grown = world.another({ passwordCost: { logN: 6, r: 2, p: 1 } });
  await grown.signIn('root', 'wrong', here).catch(() => {});
  expect(await stored()).toBe(before);
  await grown.signIn('root', adminPassword, here);
  expect(await stored()).toMatch(/^\$scrypt\$ln=6,r=2,p=1\$/);
  const renewed = await stored();
  await grown.signIn('root', adminPassword, here);
  await world.identity.signIn('root', adminPassword, here);
  expect(await stored()).toBe(renewed);
});

test('no secret reaches the database or an error', async () => {
  await using world = await createIdentityWorld();
  const { identity } = world;
  const setUpToken = (await identity.issueSetUpToken()) as string;
  const secrets = [setUpToken, adminPassword, password, another, 'Tr0ub4dor&3 wrong'];
  const errors: unknown[] = [];
  const refused = async (work: Promise<unknown>) =>
    errors.push(
      await work.then(
        () => expect.fail('was let in'),
        (error) => error,
      ),
    );
  await refused(identity.setUp(`${setUpToken}x`, 'root', adminPassword));
  await refused(identity.setUp(setUpToken, 'root', 'Tr0ub4dor'));
  const first = await identity.setUp(setUpToken, 'root', adminPassword);
  const next = await identity.refresh(first.refreshToken);
  secrets.push(first.refreshToken, first.accessToken, next.refreshToken, next.accessToken);
  await refused(identity.refresh(first.refreshToken));
  await refused(identity.refresh(next.refreshToken));
  await refused(identity.authenticate(next.accessToken));
  await refused(identity.authenticate(`${first.accessToken}x`));
  await refused(identity.signIn('root', 'Tr0ub4dor&3 wrong', here));
  // A password typed where the name belongs.
  await refused(identity.signIn(another, password, here));
  await identity.createUser({ name: 'else', role: 'viewer', password });
  await refused(identity.createUser({ name: 'else', role: 'viewer', password: another }));
  for (const key of world.secrets.values()) secrets.push(JSON.parse(key).current.secret);
  const written = Buffer.concat([await readFile(world.databasePath), await readFile(`${world.databasePath}-wal`)]).toString('latin1');
  const said = errors.map((error) => `${JSON.stringify(error)} ${(error as Error).stack} ${String((error as Error).cause)}`).join('\n');
  expect(written).toContain('root');
  for (const secret of secrets) {
    expect(written).not.toContain(secret);
    expect(said).not.toContain(secret);
  }
  expect(said).not.toContain('Tr0ub4dor');
});
