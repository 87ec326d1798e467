import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../domain/clock.ts';
import { createDirectory } from './directory.ts';
import type { DirectorySettings } from './settings.ts';
import { testConnection } from './test-connection.ts';
import { directoryContent, dnOf, odd, passwordOf, people, servicePassword, testSettings } from './testing/people.ts';
import { type Authority, createAuthority, createServerCertificate, type Slapd, startSlapd } from './testing/slapd.ts';
import { startTap, startTcpServer, type TcpServer } from './testing/tcp-servers.ts';

const secrets = { bindPassword: async () => servicePassword };
let ca: Authority;
let strangers: Authority;
let trap: TcpServer;
let slapd: Slapd;
let ldaps: string;
let startTls: string;
/** Long enough for a real server on a busy computer. */
const impatient = { connectTimeoutMs: 3000, operationTimeoutMs: 3000 };
const closing = new AsyncDisposableStack();

beforeAll(async () => {
  ca = await createAuthority('Octopus test CA');
  strangers = await createAuthority('Another CA');
  trap = closing.use(await startTcpServer());
  slapd = closing.use(await startSlapd(directoryContent(trap.port), await createServerCertificate(ca), ca));
  ldaps = `ldaps://localhost:${slapd.ldapsPort}`;
  startTls = `ldap://localhost:${slapd.ldapPort}`;
});
afterAll(() => closing.disposeAsync());

const settings = (changes: Partial<DirectorySettings> = {}) => ({ ...testSettings([ldaps], ca.cert), ...changes });
const directory = (changes: Partial<DirectorySettings> = {}) => createDirectory(settings(changes), secrets);

/** What signing in failed with, and that it tells no password. */
async function failure(changes: Partial<DirectorySettings>, bindPassword = servicePassword) {
  const broken = createDirectory(settings(changes), { bindPassword: async () => bindPassword });
  const error: unknown = await broken.signIn('ann', passwordOf('ann')).then(
    () => undefined,
    (reason) => reason,
  );
  const text = inspect(error, { depth: 10 });
  for (const secret of [passwordOf('ann'), servicePassword, bindPassword]) expect(text).not.toContain(secret);
  return error;
}

/** Puts someone into a group, or takes them out. */
const change = (group: string, what: 'add' | 'delete', uid: string) =>
  slapd.modify(`dn: cn=${group},ou=groups,dc=example,dc=com\nchangetype: modify\n${what}: member\nmember: ${dnOf(uid)}\n`);

describe('signing in', () => {
  test.each(['LDAPS', 'StartTLS'])('over %s, with the role of the mightiest group', async (way) => {
    const login = directory({ urls: [way === 'LDAPS' ? ldaps : startTls] });
    expect(await login.signIn('ann', passwordOf('ann'))).toEqual({ dn: dnOf('ann'), name: 'ann', role: 'admin' });
    expect(await login.signIn(' ANN ', passwordOf('ann'))).toMatchObject({ name: 'ann' });
    expect(await login.signIn('dee', passwordOf('dee'))).toMatchObject({ role: 'viewer' });
    expect(await login.signIn('ann', 'wrong')).toBeUndefined();
    expect(await login.signIn('ann', passwordOf('ann'))).toMatchObject({ role: 'admin' });
  });

  test('through nested groups that contain each other', async () => {
    expect(await directory().signIn('bob', passwordOf('bob'))).toMatchObject({ role: 'operator' });
    expect(await directory().signIn('cyd', passwordOf('cyd'))).toMatchObject({ role: 'operator' });
  });

  test('through memberOf alone, where groups cannot be searched', async () => {
    const login = directory({ groupBaseDn: people });
    // slapd writes memberOf when a group changes, not when it is imported.
    await change('admins', 'add', 'nobody');
    expect(await login.signIn('nobody', passwordOf('nobody'))).toMatchObject({ role: 'admin' });
    await change('admins', 'delete', 'nobody');
    expect(await login.signIn('nobody', passwordOf('nobody'))).toBeUndefined();
  });

  test('through memberUid of a POSIX group', async () => {
    expect(await directory().signIn('pox', passwordOf('pox'))).toMatchObject({ role: 'viewer' });
  });

  test('names beyond ASCII and names that look like syntax', async () => {
    expect(await directory().signIn('jörg', passwordOf('jörg'))).toMatchObject({ name: 'jörg', role: 'operator' });
    const user = await directory().signIn(odd.uid, passwordOf(odd.uid));
    expect(user).toMatchObject({ name: odd.uid, role: 'operator' });
    expect(await directory().isActive(user?.dn ?? '')).toBe(true);
  });

  test('is refused without a mapped group, with an unknown name, and with a name that two have', async () => {
    for (const uid of ['eve', 'nobody', 'missing', 'twin']) expect(await directory().signIn(uid, passwordOf(uid))).toBeUndefined();
  });

  test('is refused to disabled and expired accounts, even with the right password', async () => {
    for (const uid of ['bit', 'nsl', 'old']) {
      expect(await directory().signIn(uid, passwordOf(uid))).toBeUndefined();
      expect(await directory().isActive(dnOf(uid))).toBe(false);
    }
  });

  test('ends when the account is locked, by the server or by hand', async () => {
    const login = directory();
    expect(await login.isActive(dnOf('lax'))).toBe(true);
    for (let tries = 0; tries < 3; tries += 1) expect(await login.signIn('lax', 'wrong')).toBeUndefined();
    expect(await login.signIn('lax', passwordOf('lax'))).toBeUndefined();
    expect(await login.isActive(dnOf('lax'))).toBe(false);
    await slapd.modify(`dn: ${dnOf('lax')}\nchangetype: modify\ndelete: pwdAccountLockedTime\n`);
    expect(await login.signIn('lax', passwordOf('lax'))).toMatchObject({ role: 'admin' });
    await slapd.modify(`dn: ${dnOf('lax')}\nchangetype: modify\nadd: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n`);
    expect(await login.signIn('lax', passwordOf('lax'))).toBeUndefined();
  });

  test('follows the groups: another role, then none', async () => {
    const login = directory();
    await change('admins', 'add', 'dee');
    expect(await login.roleOf(dnOf('dee'))).toBe('admin');
    await change('admins', 'delete', 'dee');
    expect(await login.roleOf(dnOf('dee'))).toBe('viewer');
    await change('guests', 'delete', 'dee');
    expect(await login.isActive(dnOf('dee'))).toBe(false);
    await change('guests', 'add', 'dee');
  });

  test('an account that is gone, outside the base, or no DN at all is not active', async () => {
    for (const dn of [dnOf('missing'), 'cn=octopus,dc=example,dc=com', 'nonsense', '']) expect(await directory().isActive(dn)).toBe(false);
  });
});

describe('hostile input', () => {
  test('a filter in the name finds nobody', async () => {
    const names = [
      '*',
      'a*',
      'ann)(uid=*',
      '*)(objectClass=*',
      'ann)(|(uid=*',
      '(uid=ann)',
      'ann\\',
      '\\61nn',
      'ann\\00',
      'x)(!(uid=x',
      '|',
      '&',
    ];
    for (const name of names) expect([name, await directory().signIn(name, passwordOf('ann'))]).toEqual([name, undefined]);
  });

  test('an empty, NUL or endless password never reaches a server, which would take it for a guest', async () => {
    await using counted = await startTap(slapd.ldapsPort);
    const login = directory({ urls: [`ldaps://localhost:${counted.port}`] });
    for (const password of ['', '\0', `\0${passwordOf('ann')}`, 'x'.repeat(100_000)])
      expect(await login.signIn('ann', password)).toBeUndefined();
    for (const name of ['', '  ', 'ann\0', 'a'.repeat(100_000)]) expect(await login.signIn(name, passwordOf('ann'))).toBeUndefined();
    expect(counted.connections).toBe(0);
    expect(await login.signIn('ann', passwordOf('ann'))).toMatchObject({ name: 'ann' });
    expect(counted.connections).toBe(1);
  });

  test('an empty service password is refused', async () => {
    const login = createDirectory(settings(), { bindPassword: async () => '' });
    await expect(login.signIn('ann', passwordOf('ann'))).rejects.toMatchObject({ code: 'directory.denied' });
  });

  test('referrals are never followed', async () => {
    expect(await directory().signIn('ann', passwordOf('ann'))).toMatchObject({ name: 'ann' });
    expect(await failure({ baseDn: `ou=elsewhere,${people}` })).toMatchObject({ code: 'directory.missing' });
    expect(trap.connections).toBe(0);
  });

  test('plain LDAP is refused before anything is sent', () => {
    expect(() => directory({ urls: [startTls], startTls: false })).toThrow(/in the clear/);
  });

  test('StartTLS sends no name and no password in the clear', async () => {
    await using tap = await startTap(slapd.ldapPort);
    const login = directory({ urls: [`ldap://localhost:${tap.port}`] });
    expect(await login.signIn('ann', passwordOf('ann'))).toMatchObject({ name: 'ann' });
    expect(tap.received.length).toBeGreaterThan(500);
    for (const secret of [passwordOf('ann'), servicePassword, 'octopus', 'uid']) expect(tap.received.includes(secret)).toBe(false);
  });

  test('a server that refuses StartTLS, or only claims it, gets nothing more', async () => {
    for (const result of [2, 0]) {
      await using fake = await startTcpServer((socket) =>
        socket.once('data', (request) => {
          // An ExtendedResponse to the request's own message id.
          socket.write(Buffer.from([0x30, 0x0c, 0x02, 0x01, request[4] ?? 0, 0x78, 0x07, 0x0a, 0x01, result, 0x04, 0x00, 0x04, 0x00]));
        }),
      );
      const error = await failure({ urls: [`ldap://localhost:${fake.port}`], ...impatient });
      expect(error).toMatchObject({ code: result === 2 ? 'directory.protocol' : 'directory.unreachable' });
      expect(fake.connections).toBe(1);
      for (const secret of [servicePassword, 'cn=octopus']) expect(fake.received.includes(secret)).toBe(false);
    }
  });
});

describe('servers', () => {
  test('another CA is refused', async () => {
    for (const urls of [[ldaps], [startTls]]) {
      const error = await failure({ urls, ca: strangers.cert });
      expect(error).toMatchObject({ code: 'directory.certificate', details: { step: 'tls' } });
    }
    expect(await failure({ ca: undefined })).toMatchObject({ code: 'directory.certificate' });
  });

  test('another host name is refused', async () => {
    const urls = [`ldaps://127.0.0.1:${slapd.ldapsPort}`, `ldap://127.0.0.1:${slapd.ldapPort}`];
    for (const url of urls) {
      const error = await failure({ urls: [url] });
      expect(error).toMatchObject({ code: 'directory.certificate', message: expect.stringContaining('DNS:localhost') });
    }
  });

  test('one that hangs costs the time limit, then the next is asked, and first from then on', async () => {
    await using hanging = await startTcpServer();
    for (const scheme of ['ldaps', 'ldap']) {
      const before = hanging.connections;
      const login = directory({ urls: [`${scheme}://localhost:${hanging.port}`, ldaps], ...impatient });
      const started = performance.now();
      expect(await login.signIn('ann', passwordOf('ann'))).toMatchObject({ role: 'admin' });
      expect(performance.now() - started).toBeGreaterThan(impatient.connectTimeoutMs * 0.9);
      expect(await login.signIn('ann', passwordOf('ann'))).toMatchObject({ role: 'admin' });
      expect(hanging.connections).toBe(before + 1);
    }
    expect(await failure({ urls: [`ldaps://localhost:${hanging.port}`], ...impatient })).toMatchObject({
      code: 'directory.unreachable',
      retryable: true,
    });
  });

  test('one that stops is left for the second, and tried first again after a minute', async () => {
    await using first = await startSlapd(directoryContent(trap.port), await createServerCertificate(ca), ca);
    let now = 0;
    const clock: Clock = { now: () => new Date(now), sleep: async () => {} };
    await using tap = await startTap(slapd.ldapsPort);
    await using before = await startTap(first.ldapsPort);
    const urls = [before, tap].map(({ port }) => `ldaps://localhost:${port}`);
    const login = createDirectory(settings({ urls }), secrets, clock);
    const signIn = async () => expect(await login.signIn('ann', passwordOf('ann'))).toMatchObject({ role: 'admin' });
    await signIn();
    expect([before.connections, tap.connections]).toEqual([1, 0]);
    await first.stop();
    await signIn();
    await signIn();
    expect([before.connections, tap.connections]).toEqual([2, 2]);
    now += 61_000;
    await signIn();
    expect([before.connections, tap.connections]).toEqual([3, 3]);
  });

  test('a wrong service password is not tried on every server: that would lock the account', async () => {
    await using second = await startTap(slapd.ldapsPort);
    const error = await failure({ urls: [ldaps, `ldaps://localhost:${second.port}`] }, 'wrong-service-password');
    expect(error).toMatchObject({ code: 'directory.denied' });
    expect(second.connections).toBe(0);
    await slapd.modify('dn: cn=octopus,dc=example,dc=com\nchangetype: modify\nreplace: pwdFailureTime\n');
  });

  test('one that closes or resets the connection at any moment is told, not waited for', async () => {
    for (const scheme of ['ldaps', 'ldap']) {
      await using tap = await startTap(scheme === 'ldaps' ? slapd.ldapsPort : slapd.ldapPort);
      for (const way of ['end', 'reset'] as const) {
        const slow = { bindPassword: () => tap.drop(way).then(() => servicePassword) };
        const login = createDirectory(settings({ urls: [`${scheme}://localhost:${tap.port}`] }), slow);
        await expect(login.signIn('ann', passwordOf('ann'))).rejects.toMatchObject({ code: 'directory.unreachable' });
      }
      // Not over a new connection, which might be no one's or in the clear.
      expect(tap.connections).toBe(2);
      expect(tap.received.includes(servicePassword)).toBe(false);
    }
  });

  test('a sign-in can be cancelled', async () => {
    await using hanging = await startTcpServer();
    const login = directory({ urls: [`ldaps://localhost:${hanging.port}`], connectTimeoutMs: 60_000 });
    const signal = AbortSignal.timeout(100);
    await expect(login.signIn('ann', passwordOf('ann'), signal)).rejects.toMatchObject({ code: 'operation.cancelled' });
  });
});

describe('the test of a connection', () => {
  const report = async (changes: Partial<DirectorySettings> = {}, sampleUser?: string, password = servicePassword) => {
    const found = await testConnection(
      settings(changes),
      { bindPassword: async () => password },
      sampleUser === undefined ? {} : { sampleUser },
    );
    expect(JSON.stringify(found)).not.toContain(password);
    const steps = found.servers[0]?.steps ?? [];
    return { ok: found.ok, passed: steps.filter(({ ok }) => ok).map(({ step }) => step), failed: steps.find(({ ok }) => !ok) };
  };

  test('walks all steps and says what the sample user would get', async () => {
    for (const urls of [[ldaps], [startTls]]) {
      const { ok, passed } = await report({ urls }, 'cyd');
      expect({ ok, passed }).toEqual({ ok: true, passed: ['resolve', 'connect', 'tls', 'bind', 'base', 'groups', 'user'] });
    }
    const full = await testConnection(settings(), secrets, { sampleUser: 'cyd' });
    expect(full.servers[0]?.steps.at(-1)?.message).toBe(`${dnOf('cyd')} would sign in as cyd with the role operator.`);
    expect((await report()).passed.at(-1)).toBe('groups');
  });

  test('names the step that failed', async () => {
    await using hanging = await startTcpServer();
    const failed = async (changes: Partial<DirectorySettings>, sampleUser?: string, password?: string) => {
      const { ok, failed: step } = await report(changes, sampleUser, password);
      expect(ok).toBe(false);
      return `${step?.step}: ${step?.message}`;
    };
    expect(await failed({ urls: [startTls], startTls: false })).toMatch(/^settings: .*in the clear/);
    expect(await failed({ urls: ['ldaps://no-such-host.invalid'], connectTimeoutMs: 5000 })).toMatch(/^resolve: .*no-such-host\.invalid/);
    expect(await failed({ urls: ['ldaps://localhost:1'] })).toMatch(/^connect: .*check the port/);
    expect(await failed({ urls: [`ldaps://localhost:${hanging.port}`], ...impatient })).toMatch(/^tls: .*did not answer in time/);
    expect(await failed({ urls: [`ldaps://localhost:${slapd.ldapPort}`] })).toMatch(/^tls: .*plain LDAP/);
    expect(await failed({ ca: strangers.cert })).toMatch(/^tls: .*Choose the CA .*directory\.caFile/);
    expect(await failed({}, undefined, 'another-service-password')).toMatch(/^bind: .*Check its name, its password/);
    expect(await failed({ baseDn: 'ou=nowhere,dc=example,dc=com' })).toMatch(/^base: .*Check the base DN/);
    const missing = 'cn=missing,ou=groups,dc=example,dc=com';
    expect(await failed({ groups: [{ dn: missing, role: 'admin' }] })).toMatch(new RegExp(`^groups: .*${missing}`));
    expect(await failed({}, 'missing')).toMatch(/^user: missing is not found/);
    expect(await failed({}, 'twin')).toMatch(/^user: More than one account/);
    expect(await failed({}, 'bit')).toMatch(/^user: .*it is disabled/);
    expect(await failed({}, 'eve')).toMatch(/^user: .*none of the mapped groups/);
    await slapd.modify('dn: cn=octopus,dc=example,dc=com\nchangetype: modify\nreplace: pwdFailureTime\n');
  });

  test('looks at every server', async () => {
    await using hanging = await startTcpServer();
    const found = await testConnection(settings({ urls: [`ldaps://localhost:${hanging.port}`, ldaps], ...impatient }), secrets);
    expect(found.servers.map(({ ok }) => ok)).toEqual([false, true]);
    expect(found.ok).toBe(false);
  });
});
