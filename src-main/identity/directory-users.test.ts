import { expect, test } from 'vitest';
import type { Role } from '../domain/user.ts';
import { adminPassword, createSetUpWorld } from './testing/identity-world.ts';

const here = '127.0.0.1';
const word = 'whatever the directory takes';

/** A directory with entries by name, and what it was asked. */
function createDirectory() {
  const entries = new Map<string, { dn: string; name: string; role: Role }>();
  const asked: string[] = [];
  const state = { reachable: true };
  const check = () => {
    if (!state.reachable) throw new Error('The directory does not answer.');
  };
  const byDn = (dn: string) => [...entries.values()].find((entry) => entry.dn === dn);
  const login = {
    signIn: async (name: string, password: string) => {
      check();
      asked.push(name);
      return password === word ? entries.get(name) : undefined;
    },
    isActive: async (dn: string) => {
      check();
      return byDn(dn) !== undefined;
    },
  };
  const withRoles = { ...login, roleOf: async (dn: string) => byDn(dn)?.role };
  return { entries, asked, state, login, withRoles };
}

test('directory users are kept, renewed, and lose access with the next renewal after their account', async () => {
  const directory = createDirectory();
  await using world = await createSetUpWorld({}, () => directory.login);
  const { identity } = world;
  directory.entries.set('ada', { dn: 'cn=ada', name: 'ada', role: 'operator' });
  await expect(identity.signIn('ada', 'wrong', here)).rejects.toMatchObject({ code: 'auth.denied' });
  await expect(identity.signIn('ada', '', here)).rejects.toMatchObject({ code: 'argument.invalid' });
  expect(directory.asked).toEqual(['ada']);
  const signedIn = await identity.signIn('ada', word, here);
  const { userId } = await identity.authenticate(signedIn.accessToken);
  directory.entries.set('ada', { dn: 'cn=ada', name: 'Ada L.', role: 'admin' });
  expect((await identity.signIn('ada', word, here)).user).toEqual({ id: userId, name: 'Ada L.', role: 'admin', mustChangePassword: false });
  expect(await identity.listUsers()).toHaveLength(2);

  directory.state.reachable = false;
  await expect(identity.refresh(signedIn.refreshToken)).rejects.toThrow('does not answer');
  directory.state.reachable = true;
  const renewed = await identity.refresh(signedIn.refreshToken);
  directory.entries.delete('ada');
  await expect(identity.refresh(renewed.refreshToken)).rejects.toMatchObject({ code: 'auth.required', details: { reason: 'disabled' } });
  await expect(identity.authenticate(renewed.accessToken)).rejects.toMatchObject({ code: 'auth.required' });
});

test('local users are never shown to the directory, and it cannot take their names', async () => {
  const directory = createDirectory();
  await using world = await createSetUpWorld({}, () => directory.login);
  const { identity } = world;
  directory.entries.set('root', { dn: 'cn=root', name: 'root', role: 'viewer' });
  directory.entries.set('root@example.org', { dn: 'cn=root', name: 'ROOT', role: 'admin' });
  await identity.signIn('root', adminPassword, here);
  await expect(identity.signIn('root', word, here)).rejects.toMatchObject({ code: 'auth.denied' });
  expect(directory.asked).toEqual([]);
  await expect(identity.signIn('root@example.org', word, here)).rejects.toMatchObject({ code: 'auth.denied' });
  expect(await identity.listUsers()).toHaveLength(1);
});

test('an entry that moved is the same person, a second one of that name is not', async () => {
  const directory = createDirectory();
  await using world = await createSetUpWorld({}, () => directory.login);
  const { identity } = world;
  directory.entries.set('ada', { dn: 'cn=ada,ou=one', name: 'ada', role: 'operator' });
  const first = await identity.signIn('ada', word, here);
  directory.entries.set('ada2', { dn: 'cn=ada,ou=two', name: 'ada', role: 'admin' });
  await expect(identity.signIn('ada2', word, here)).rejects.toMatchObject({ code: 'auth.denied' });
  directory.entries.delete('ada');
  expect((await identity.signIn('ada2', word, here)).user).toMatchObject({ id: first.user.id, role: 'admin' });
});

test('roles follow the groups at a renewal where the directory tells them', async () => {
  const directory = createDirectory();
  await using world = await createSetUpWorld({}, () => directory.withRoles);
  const { identity } = world;
  directory.entries.set('ada', { dn: 'cn=ada', name: 'ada', role: 'admin' });
  const { refreshToken } = await identity.signIn('ada', word, here);
  directory.entries.set('ada', { dn: 'cn=ada', name: 'ada', role: 'viewer' });
  const renewed = await identity.refresh(refreshToken);
  expect(await identity.authenticate(renewed.accessToken)).toMatchObject({ role: 'viewer' });
  directory.entries.clear();
  await expect(identity.refresh(renewed.refreshToken)).rejects.toMatchObject({ code: 'auth.required' });
});

test('what the directory decides is not changed here, but an administrator may shut a user out', async () => {
  const directory = createDirectory();
  let used: typeof directory.login | undefined = directory.login;
  await using world = await createSetUpWorld({}, () => used);
  const { identity } = world;
  directory.entries.set('ada', { dn: 'cn=ada', name: 'ada', role: 'admin' });
  const { user, accessToken, refreshToken } = await identity.signIn('ada', word, here);
  const invalid = { code: 'argument.invalid' };
  await expect(identity.updateUser(user.id, { role: 'viewer' })).rejects.toMatchObject(invalid);
  await expect(identity.updateUser(user.id, { name: 'eve' })).rejects.toMatchObject(invalid);
  await expect(identity.resetPassword(user.id, 'long enough for all')).rejects.toMatchObject(invalid);
  const caller = await identity.authenticate(accessToken);
  await expect(identity.changePassword(caller, word, 'long enough for all')).rejects.toMatchObject(invalid);
  // An administrator of the directory is no substitute for the last local one.
  const root = (await identity.listUsers()).find(({ source }) => source === 'local');
  await expect(identity.disableUser(root?.id as string)).rejects.toMatchObject({ code: 'conflict.last-admin' });
  await identity.disableUser(user.id);
  await expect(identity.authenticate(accessToken)).rejects.toMatchObject({ code: 'auth.required' });
  await expect(identity.signIn('ada', word, here)).rejects.toMatchObject({ code: 'auth.denied' });
  await identity.updateUser(user.id, { disabled: false });
  const again = await identity.signIn('ada', word, here);
  used = undefined;
  await expect(identity.refresh(again.refreshToken)).rejects.toMatchObject({ code: 'auth.required' });
  await expect(identity.refresh(refreshToken)).rejects.toMatchObject({ code: 'auth.required' });
  await expect(identity.signIn('ada', word, here)).rejects.toMatchObject({ code: 'auth.denied' });
});
