import type { Entry } from 'ldapts';
import { FilterParser } from 'ldapts';
import { expect, test } from 'vitest';
import type { Account } from './account.ts';
import type { DirectoryConnection, SearchRequest } from './connection.ts';
import { roleOfAccount } from './groups.ts';
import { type DirectorySettings, directoryDefaults } from './settings.ts';

// What Active Directory is asked; how OpenLDAP answers is in directory.integ.test.ts.
const admins = 'CN=Admins (all\\, really),DC=corp,DC=example';
const users = 'CN=Domain Users,CN=Users,DC=corp,DC=example';
const settings: DirectorySettings = {
  ...directoryDefaults('active-directory'),
  urls: ['ldaps://dc1.corp.example'],
  bindDn: 'octopus@corp.example',
  baseDn: 'DC=corp,DC=example',
  groups: [
    { dn: users, role: 'viewer' },
    { dn: admins, role: 'admin' },
  ],
};
const account: Account = {
  dn: 'CN=Ann,DC=corp,DC=example',
  name: 'ann',
  disabled: undefined,
  uid: undefined,
  memberOf: [],
  primaryGroup: undefined,
};

function answering(answer: (base: string, request: SearchRequest) => Entry[]): DirectoryConnection {
  return {
    server: { url: 'ldaps://dc1.corp.example', host: 'dc1.corp.example', port: 636, immediateTls: true },
    bind: async () => {},
    search: async (base, request) => answer(base, request),
    [Symbol.asyncDispose]: async () => {},
  };
}

test('nested groups are asked for by the rule in chain, at the account itself, with the DN escaped', async () => {
  const asked: string[] = [];
  const connection = answering((base, { scope, filter }) => {
    expect({ base, scope }).toEqual({ base: account.dn, scope: 'base' });
    const parsed = FilterParser.parseString(filter);
    expect(parsed).toMatchObject({ rule: '1.2.840.113556.1.4.1941', matchType: 'memberOf' });
    asked.push((parsed as unknown as { value: string }).value);
    return asked.at(-1) === admins ? [{ dn: account.dn }] : [];
  });
  expect(await roleOfAccount(connection, settings, account)).toBe('admin');
  expect(asked).toEqual([users, admins]);
});

test('the primary group counts, within its own domain', async () => {
  const connection = answering((base) => (base === users ? [{ dn: users, primaryGroupToken: '513' }] : []));
  expect(await roleOfAccount(connection, settings, account)).toBeUndefined();
  expect(await roleOfAccount(connection, settings, { ...account, primaryGroup: '513' })).toBe('viewer');
  expect(await roleOfAccount(connection, settings, { ...account, primaryGroup: '514' })).toBeUndefined();
  const stranger = { ...account, dn: 'CN=Ann,DC=other,DC=example', primaryGroup: '513' };
  expect(await roleOfAccount(connection, settings, stranger)).toBeUndefined();
});
