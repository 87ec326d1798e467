import { expect, test } from 'vitest';
import { checkSettings, type DirectorySettings, directoryDefaults, directoryServers } from './settings.ts';

const good: DirectorySettings = {
  ...directoryDefaults('active-directory'),
  urls: ['ldaps://dc1.example.com', 'ldaps://[::1]:6360/'],
  bindDn: 'octopus@example.com',
  baseDn: 'DC=example,DC=com',
  groups: [{ dn: 'CN=Octopus Admins,DC=example,DC=com', role: 'admin' }],
};

test('good settings, with the usual ports', () => {
  checkSettings(good);
  checkSettings({ ...good, ...directoryDefaults('ldap') });
  expect(directoryServers({ ...good, startTls: true, urls: [...good.urls, 'ldap://a'] })).toMatchObject([
    { host: 'dc1.example.com', port: 636, immediateTls: true },
    { host: '::1', port: 6360, immediateTls: true },
    { host: 'a', port: 389, immediateTls: false },
  ]);
});

test.each<[keyof DirectorySettings, Partial<DirectorySettings>]>([
  ['urls', { urls: [] }],
  ['urls', { urls: ['ldap://dc1.example.com'] }],
  ['urls', { urls: ['https://dc1.example.com'] }],
  ['urls', { urls: ['dc1.example.com'] }],
  ['urls', { urls: ['ldaps://'] }],
  ['urls', { urls: ['ldaps://user:secret-in-url@dc1.example.com'] }],
  ['urls', { urls: ['ldaps://dc1.example.com/DC=example?sub'] }],
  ['ca', { ca: '' }],
  ['ca', { ca: 'not PEM' }],
  ['ca', { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }],
  ['bindDn', { bindDn: ' ' }],
  ['baseDn', { baseDn: '' }],
  ['baseDn', { baseDn: 'example.com' }],
  ['groupBaseDn', { groupBaseDn: 'groups' }],
  ['groups', { groups: [] }],
  ['groups', { groups: [{ dn: 'Admins', role: 'admin' }] }],
  ['groups', { groups: [{ dn: 'CN=Admins', role: 'root' as 'admin' }] }],
  ['loginAttributes', { loginAttributes: [] }],
  ['loginAttributes', { loginAttributes: ['uid=*)(x'] }],
  ['userFilter', { userFilter: 'objectClass=person' }],
  ['userFilter', { userFilter: '(a=b)(c=d)' }],
  ['userFilter', { userFilter: '(a=b))' }],
  ['userFilter', { userFilter: '' }],
  ['connectTimeoutMs', { connectTimeoutMs: 0 }],
  ['operationTimeoutMs', { operationTimeoutMs: Number.POSITIVE_INFINITY }],
])('%s: %j is refused', (field, changes) => {
  const refusal = expect.objectContaining({ code: 'argument.invalid', field, message: expect.not.stringContaining('secret-in-url') });
  expect(() => checkSettings({ ...good, ...changes })).toThrow(refusal);
});
