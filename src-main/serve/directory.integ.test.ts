import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { directoryContent, dnOf, passwordOf, people, servicePassword } from '../identity/directory/testing/people.ts';
import { createAuthority, createServerCertificate, type Slapd, startSlapd } from '../identity/directory/testing/slapd.ts';
import { defaultRestSettings } from '../rest/rest-settings.ts';
import type { Answer } from '../rest/testing/rest-world.ts';
import { type ApplicationWorld, openApplicationWorld } from './testing/application-world.ts';

let world: ApplicationWorld;
let slapd: Slapd;
let caFile: string;
const closing = new AsyncDisposableStack();

beforeAll(async () => {
  // Many people sign in here within a second or two.
  const rates = { ...defaultRestSettings.rates, signIn: { burst: 1000, perSecond: 1000 } };
  world = closing.use(await openApplicationWorld({ rates }));
  const ca = await createAuthority('Octopus test CA');
  slapd = closing.use(await startSlapd(directoryContent(1), await createServerCertificate(ca), ca));
  caFile = join(world.folder, 'ca.pem');
  await writeFile(caFile, ca.cert);
});
afterAll(() => closing.disposeAsync());

const ok = (answer: Answer, status = 200) => {
  expect(answer.status, answer.text).toBe(status);
  return answer.json;
};
const set = async (name: string, value: unknown) => ok(await world.call('PUT', `/admin/env/${name}`, { body: { value } }));
const signIn = (name: string, password = passwordOf(name)) => world.call('POST', '/auth/login', { as: 'nobody', body: { name, password } });
const refresh = (refreshToken: string) => world.call('POST', '/auth/refresh', { as: 'nobody', body: { refreshToken } });
const me = (accessToken: string) => world.call('GET', '/auth/me', { as: 'nobody', headers: { authorization: `Bearer ${accessToken}` } });
const testDirectory = async (sampleUser?: string) =>
  ok(await world.call('POST', '/admin/directory/test', { body: sampleUser === undefined ? {} : { sampleUser } }));
const change = (group: string, what: 'add' | 'delete', uid: string) =>
  slapd.modify(
    `dn: cn=${group},ou=groups,dc=example,dc=com\nchangetype: modify\n${what}: member\nmember:: ${Buffer.from(dnOf(uid)).toString('base64')}\n`,
  );
const groupDn = (name: string) => `cn=${name},ou=groups,dc=example,dc=com`;

test('a directory is set up over REST, and what is missing is said', async () => {
  expect((await testDirectory()).servers[0].steps).toMatchObject([{ step: 'settings', ok: false }]);
  expect((await signIn('bob')).json.code).toBe('auth.denied');
  await set('directory.enabled', true);
  // Half of it set up is no wrong password, and keeps no local user out.
  expect((await signIn('bob')).json.code).toBe('directory.missing');
  ok(await signIn('admin', world.password));

  await set('directory.kind', 'ldap');
  await set('directory.urls', `ldaps://localhost:${slapd.ldapsPort}`);
  await set('directory.bindDn', 'cn=octopus,dc=example,dc=com');
  await set('directory.baseDn', people);
  await set('directory.groupBaseDn', 'ou=groups,dc=example,dc=com');
  await set('directory.adminGroups', groupDn('admins'));
  await set('directory.operatorGroups', groupDn('staff'));
  await set('directory.viewerGroups', `${groupDn('guests')}\n${groupDn('unix')}`);
  await set('directory.caFile', join(world.folder, 'not there.pem'));
  expect((await testDirectory()).servers[0]).toMatchObject({ steps: [{ step: 'settings', ok: false }] });
  await set('directory.caFile', caFile);

  expect((await testDirectory()).servers[0].steps.at(-1)).toMatchObject({
    step: 'bind',
    ok: false,
    message: expect.stringContaining('not in the vault'),
  });
  ok(await world.call('PUT', '/admin/directory/password', { body: { password: 'not-the-service-secret' } }), 204);
  expect((await testDirectory()).servers[0].steps.at(-1)).toMatchObject({ step: 'bind', ok: false });
  ok(await world.call('PUT', '/admin/directory/password', { body: { password: servicePassword } }), 204);
  const report = await testDirectory('bob');
  expect(report).toMatchObject({ ok: true, servers: [{ ok: true }] });
  expect(report.servers[0].steps.at(-1)).toMatchObject({ step: 'user', message: expect.stringContaining('operator') });
  expect((await testDirectory('bit')).servers[0].steps.at(-1)).toMatchObject({ step: 'user', ok: false });
});

test('people of the directory sign in with the role of their group, others do not', async () => {
  const bob = ok(await signIn('bob'));
  expect(bob.user).toMatchObject({ name: 'bob', role: 'operator' });
  expect(ok(await me(bob.accessToken))).toMatchObject({ name: 'bob', role: 'operator' });
  expect(ok(await signIn('ann')).user.role).toBe('admin');
  for (const [name, password] of [['bob', 'wrong'], ['bit'], ['nsl'], ['old'], ['eve'], ['stranger']] as const) {
    expect(await signIn(name, password), name).toMatchObject({ status: 401, json: { code: 'auth.denied' } });
  }
  const known = ok(await world.call('GET', '/admin/users')).items.filter(({ source }: { source: string }) => source === 'directory');
  expect(known.map(({ name }: { name: string }) => name).sort()).toEqual(['ann', 'bob']);
});

test('another group counts at the next refresh, and so does none', async () => {
  const first = ok(await signIn('jörg'));
  expect(first.user.role).toBe('operator');
  await change('team', 'delete', 'jörg');
  await change('guests', 'add', 'jörg');
  const second = ok(await refresh(first.refreshToken));
  expect(second.user.role).toBe('viewer');

  const bob = ok(await signIn('bob'));
  await change('team', 'delete', 'bob');
  await change('guests', 'delete', 'bob');
  expect(await refresh(bob.refreshToken)).toMatchObject({ status: 401 });
  expect((await me(bob.accessToken)).status).toBe(401);
  expect((await signIn('bob')).status).toBe(401);
  await change('team', 'add', 'bob');
  expect(ok(await signIn('bob')).user.role).toBe('operator');
});

test('settings that say so count at once', async () => {
  await set('auth.accessTokenMinutes', 1);
  const minute = ok(await signIn('ann'));
  expect(Date.parse(minute.accessExpiresAt) - Date.now()).toBeLessThanOrEqual(60_000);
  await set('auth.accessTokenMinutes', 30);
  expect(Date.parse(ok(await refresh(minute.refreshToken)).accessExpiresAt) - Date.now()).toBeGreaterThan(60_000);
  await set('directory.enabled', false);
  expect((await signIn('ann')).json.code).toBe('auth.denied');
  await set('directory.enabled', true);
  ok(await signIn('ann'));
});

test('without its password the directory lets nobody in; only administrators decide that; it is never shown', async () => {
  for (const [method, path] of [
    ['PUT', '/admin/directory/password'],
    ['DELETE', '/admin/directory/password'],
    ['POST', '/admin/directory/test'],
    ['GET', '/admin/directory'],
  ] as const) {
    expect((await world.call(method, path, { as: 'operator' })).status).toBe(403);
  }
  expect(ok(await world.call('GET', '/admin/directory'))).toEqual({ enabled: true, passwordStored: true });
  ok(await world.call('DELETE', '/admin/directory/password'), 204);
  expect(ok(await world.call('GET', '/admin/directory'))).toEqual({ enabled: true, passwordStored: false });
  expect((await signIn('ann')).json.code).toBe('directory.denied');
  const log = await world.call('GET', '/admin/logs?limit=200');
  expect(ok(log).items.map(({ action }: { action: string }) => action)).toEqual(
    expect.arrayContaining(['directory.password', 'directory.forget-password', 'directory.test']),
  );
  for (const secret of [servicePassword, 'not-the-service-secret', passwordOf('ann'), passwordOf('bob')]) {
    expect(log.text).not.toContain(secret);
    expect(world.logLines.join('')).not.toContain(secret);
  }
});
