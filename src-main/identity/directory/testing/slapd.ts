import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { freePort } from '../../../../workers/testing/free-port.ts';
import { canConnect } from './tcp-servers.ts';

const run = promisify(execFile);
/** Debian keeps it outside the PATH of ordinary users. */
const program = (name: string) => `/usr/sbin/${name}`;

export interface Authority {
  cert: string;
  key: string;
}

export async function createAuthority(name: string): Promise<Authority> {
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** For `localhost` only: reached as 127.0.0.1 its name is wrong. */
export async function createServerCertificate(ca: Authority, dnsName = 'localhost'): Promise<Authority> {
  const made = await generate([{ name: 'commonName', value: dnsName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: ca.key, cert: ca.cert },
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: dnsName }] }],
  });
  return { cert: made.cert, key: made.private };
}

export interface Slapd extends AsyncDisposable {
  ldapPort: number;
  ldapsPort: number;
  /** Applies LDIF changes as the directory's own administrator. */
  modify(ldif: string): Promise<void>;
  stop(): Promise<void>;
}

const administrator = { dn: 'cn=manager,dc=example,dc=com', password: 'manager-secret' };

/** A real OpenLDAP server of its own: its folder, its ports, its certificate. */
export async function startSlapd(ldif: string, certificate: Authority, ca: Authority): Promise<Slapd> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-slapd-'));
  const path = (name: string) => join(folder, name);
  const [ldapPort, ldapsPort] = [await freePort(), await freePort()];
  await mkdir(path('data'));
  await writeFile(path('ca.pem'), ca.cert);
  await writeFile(path('cert.pem'), certificate.cert);
  await writeFile(path('key.pem'), certificate.key);
  await writeFile(path('slapd.conf'), configuration(folder));
  await writeFile(path('content.ldif'), ldif);
  await writeFile(path('manager'), administrator.password, { mode: 0o600 });
  await run(program('slapadd'), ['-q', '-f', path('slapd.conf'), '-l', path('content.ldif')]).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const listen = `ldap://127.0.0.1:${ldapPort}/ ldaps://127.0.0.1:${ldapsPort}/`;
  // slapd reserves memory for as many connections as it may have open files.
  const command = ['--nofile=1024', program('slapd'), '-f', path('slapd.conf'), '-h', listen, '-d', '0'];
  const child = spawn('prlimit', command, { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const stop = async () => {
    end(child);
    await exited;
  };
  const dispose = async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await canConnect(ldapsPort)); tries += 1) {
    if (child.exitCode !== null || tries > 1200) {
      await dispose();
      throw new Error(`slapd did not start (exit ${child.exitCode}).`);
    }
    await sleep(50);
  }
  return {
    ldapPort,
    ldapsPort,
    stop,
    async modify(changes) {
      await writeFile(path('changes.ldif'), changes);
      const who = ['-x', '-D', administrator.dn, '-y', path('manager')];
      await run('ldapmodify', [...who, '-e', 'relax', '-H', `ldap://127.0.0.1:${ldapPort}/`, '-f', path('changes.ldif')]);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function end(child: ChildProcess): void {
  if (child.exitCode === null) child.kill('SIGTERM');
}

// `bind_anon_cred`: like Active Directory, a bind with a name and no password succeeds. Nobody but the service account may read.
function configuration(folder: string): string {
  const schema = ['core', 'cosine', 'inetorgperson', 'nis'].map((name) => `include /etc/ldap/schema/${name}.schema`).join('\n');
  return `${schema}
attributetype ( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
pidfile ${folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
allow bind_anon_cred bind_anon_dn
TLSCACertificateFile ${folder}/ca.pem
TLSCertificateFile ${folder}/cert.pem
TLSCertificateKeyFile ${folder}/key.pem
database mdb
maxsize 16777216
suffix dc=example,dc=com
rootdn ${administrator.dn}
rootpw ${administrator.password}
directory ${folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=octopus,dc=example,dc=com" read by anonymous auth by * none
overlay memberof
memberof-group-oc groupOfNames
overlay ppolicy
ppolicy_default cn=policy,dc=example,dc=com
`;
}
