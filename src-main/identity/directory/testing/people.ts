import type { DirectorySettings } from '../settings.ts';

export const servicePassword = 'service-account-secret';
/** Everyone's password: `<uid>-secret`. */
export const passwordOf = (uid: string) => `${uid}-secret`;
export const people = 'ou=people,dc=example,dc=com';
export const dnOf = (uid: string) => `uid=${uid},${people}`;

const entry = (dn: string, ...lines: string[]) => [`dn:: ${Buffer.from(dn).toString('base64')}`, ...lines].join('\n');
const base64 = (name: string, value: string) => `${name}:: ${Buffer.from(value).toString('base64')}`;
const person = (dn: string, uid: string, ...lines: string[]) =>
  entry(
    dn,
    'objectClass: inetOrgPerson',
    'objectClass: extensibleObject',
    base64('uid', uid),
    base64('cn', uid),
    'sn: x',
    base64('userPassword', passwordOf(uid)),
    ...lines,
  );
const user = (uid: string, ...lines: string[]) => person(dnOf(uid), uid, ...lines);
const group = (name: string, ...members: string[]) =>
  entry(`cn=${name},ou=groups,dc=example,dc=com`, 'objectClass: groupOfNames', `cn: ${name}`, ...members.map((dn) => base64('member', dn)));

/** A login name and a DN that read like LDAP syntax. */
export const odd = { uid: 'o(d)*d\\,=+"<>;#', dn: `cn=Odd\\, \\"One\\"\\+Two (x\\29,${people}` };

/** `trapPort`: where the referrals point; whoever follows one is seen there. */
export function directoryContent(trapPort: number): string {
  const groupDn = (name: string) => `cn=${name},ou=groups,dc=example,dc=com`;
  return [
    entry('dc=example,dc=com', 'objectClass: dcObject', 'objectClass: organization', 'o: Example', 'dc: example'),
    entry(people, 'objectClass: organizationalUnit', 'ou: people'),
    entry(`ou=others,${people}`, 'objectClass: organizationalUnit', 'ou: others'),
    entry('ou=groups,dc=example,dc=com', 'objectClass: organizationalUnit', 'ou: groups'),
    entry(
      'cn=octopus,dc=example,dc=com',
      'objectClass: organizationalRole',
      'objectClass: simpleSecurityObject',
      'cn: octopus',
      `userPassword: ${servicePassword}`,
    ),
    entry(
      'cn=policy,dc=example,dc=com',
      'objectClass: organizationalRole',
      'objectClass: pwdPolicy',
      'cn: policy',
      'pwdAttribute: userPassword',
      'pwdLockout: TRUE',
      'pwdMaxFailure: 3',
    ),
    entry(
      `ou=elsewhere,${people}`,
      'objectClass: referral',
      'objectClass: extensibleObject',
      'ou: elsewhere',
      `ref: ldap://127.0.0.1:${trapPort}/ou=elsewhere,${people}`,
    ),
    ...['ann', 'bob', 'cyd', 'dee', 'eve', 'jörg', 'lax', 'nobody'].map((uid) => user(uid)),
    user('twin'),
    person(`uid=twin,ou=others,${people}`, 'twin'),
    user('bit', 'userAccountControl: 514'),
    user('nsl', 'nsAccountLock: TRUE'),
    user('old', 'accountExpires: 116444736000000000'),
    person(odd.dn, odd.uid),
    user('pox'),
    group('admins', dnOf('ann'), dnOf('twin'), dnOf('bit'), dnOf('nsl'), dnOf('old'), dnOf('lax')),
    group('staff', groupDn('team')),
    // A loop: each is in the other.
    group('team', dnOf('bob'), dnOf('jörg'), odd.dn, groupDn('inner')),
    group('inner', dnOf('cyd'), groupDn('team')),
    group('guests', dnOf('dee'), dnOf('bob')),
    group('unmapped', dnOf('eve')),
    entry(groupDn('unix'), 'objectClass: posixGroup', 'cn: unix', 'gidNumber: 500', 'memberUid: pox'),
    '',
  ].join('\n\n');
}

export function testSettings(urls: string[], ca: string | undefined): DirectorySettings {
  return {
    kind: 'ldap',
    urls,
    startTls: true,
    ca,
    bindDn: 'cn=octopus,dc=example,dc=com',
    baseDn: people,
    loginAttributes: ['uid'],
    userFilter: '(objectClass=inetOrgPerson)',
    groupBaseDn: 'ou=groups,dc=example,dc=com',
    // Another spelling than the server's, as people type it.
    groups: [
      { dn: 'CN=Guests, OU=groups, DC=example, DC=com', role: 'viewer' },
      { dn: 'cn=staff,ou=groups,dc=example,dc=com', role: 'operator' },
      { dn: 'cn=admins,ou=groups,dc=example,dc=com', role: 'admin' },
      { dn: 'cn=unix,ou=groups,dc=example,dc=com', role: 'viewer' },
    ],
    connectTimeoutMs: 60_000,
    operationTimeoutMs: 60_000,
  };
}
