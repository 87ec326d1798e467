import { ResultCodeError } from 'ldapts';
import { type ErrorCode, OctopusError } from '../../../workers/octopus-error.ts';
import type { DirectoryServer } from './settings.ts';

/** In the order in which they are done. */
export type DirectoryStep = 'settings' | 'resolve' | 'connect' | 'tls' | 'bind' | 'base' | 'groups' | 'user';

/** RFC 4511, appendix A. */
export const resultCode = { referral: 10, noSuchObject: 32, invalidCredentials: 49, insufficientAccess: 50 } as const;
/** operationsError, protocolError, timeLimitExceeded, busy, unavailable, other: says nothing about the account. */
const serverTrouble = new Set([1, 2, 3, 51, 52, 80]);
const busy = new Set([3, 51, 52]);

/** What Active Directory hides in the text of a refused bind. */
const activeDirectoryReasons: Record<string, string> = {
  '525': 'the account does not exist',
  '52e': 'the password is wrong',
  '530': 'it may not sign in at this time',
  '531': 'it may not sign in from this computer',
  '532': 'its password has expired',
  '533': 'it is disabled',
  '701': 'it has expired',
  '773': 'it must change its password first',
  '775': 'it is locked',
};

/** Whether the server answered that this account with this password may not in, rather than that it is in trouble itself. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ResultCodeError && !serverTrouble.has(error.code);
}

export function hasResultCode(error: unknown, code: number): boolean {
  return error instanceof ResultCodeError && error.code === code;
}

/** Is another server worth a try? Not after a refusal: repeating it would lock the account. */
export function mayFailOver(error: unknown): boolean {
  return error instanceof OctopusError && ['directory.unreachable', 'directory.certificate', 'directory.protocol'].includes(error.code);
}

/** What failed and what to do about it. Never holds a password: none is given in, and LDAP answers hold none. */
export function describeFailure(step: DirectoryStep, server: DirectoryServer, error: unknown): OctopusError {
  if (error instanceof OctopusError) return error;
  const [code, message] = codeAndMessage(step, server, error instanceof Error ? error : new Error(String(error)));
  return new OctopusError(code, message, {
    retryable: code === 'directory.unreachable',
    details: { step, server: server.url },
    cause: error,
  });
}

function codeAndMessage(step: DirectoryStep, server: DirectoryServer, error: Error): [ErrorCode, string] {
  const { host, port } = server;
  const system = 'code' in error ? String(error.code) : '';
  if (error instanceof ResultCodeError) return describeAnswer(step, server, error);
  if (error instanceof TypeError && !system) return ['internal.unexpected', error.message];
  if (step === 'resolve') {
    return [
      'directory.unreachable',
      `The name ${host} cannot be resolved (${system || error.message}). Check its spelling and the DNS of this computer.`,
    ];
  }
  if (step === 'connect') {
    const advice = system === 'ECONNREFUSED' ? 'Nothing listens there: check the port.' : 'Check host, port and the firewalls between.';
    return ['directory.unreachable', `No connection to ${host} port ${port} (${system || error.message}). ${advice}`];
  }
  if (step === 'tls') return describeTls(server, error, system);
  return [
    'directory.unreachable',
    `${host} did not answer (${error.message.replace(/\.$/, '')}). Check the server's load and the time limit.`,
  ];
}

function describeTls(server: DirectoryServer, error: Error, system: string): [ErrorCode, string] {
  const { host, port, immediateTls } = server;
  if (system === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = 'cert' in error ? (error.cert as { subjectaltname?: string } | undefined)?.subjectaltname : undefined;
    return [
      'directory.certificate',
      `The certificate of ${host} is for another name (${names ?? 'it names none'}). Use one of its names as the address.`,
    ];
  }
  if (system === 'CERT_HAS_EXPIRED') return ['directory.certificate', `The certificate of ${host} has expired. Renew it on the server.`];
  if (system === 'CERT_NOT_YET_VALID')
    return ['directory.certificate', `The certificate of ${host} is not valid yet. Check this computer's clock.`];
  if (/^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_CERT|INVALID_CA|HOSTNAME_MISMATCH)/.test(system)) {
    return [
      'directory.certificate',
      `The certificate of ${host} is not from a trusted authority (${system}). Choose the CA that issued it (setting directory.caFile).`,
    ];
  }
  if (/time/i.test(error.message)) {
    return [
      'directory.unreachable',
      `${host} port ${port} accepts connections but did not answer in time. Check that it is a directory server.`,
    ];
  }
  const advice = immediateTls
    ? 'Perhaps the port speaks plain LDAP: then use ldap:// with StartTLS.'
    : 'Perhaps the port is for LDAPS: then use ldaps://.';
  return ['directory.protocol', `No TLS with ${host} port ${port} (${system || error.message}). ${advice}`];
}

function describeAnswer(step: DirectoryStep, server: DirectoryServer, error: ResultCodeError): [ErrorCode, string] {
  const { host } = server;
  if (busy.has(error.code))
    return ['directory.unreachable', `${host} is busy or unavailable (LDAP result ${error.code}). Try again later.`];
  if (step === 'tls')
    return ['directory.protocol', `${host} refuses StartTLS (LDAP result ${error.code}). Give it a certificate, or use ldaps://.`];
  if (step === 'bind') {
    const reason = activeDirectoryReasons[/\bdata ([0-9a-f]+)/.exec(error.message)?.[1] ?? ''];
    return [
      'directory.denied',
      `${host} refuses the service account (LDAP result ${error.code}${reason ? `: ${reason}` : ''}). Check its name, its password and that it is enabled.`,
    ];
  }
  if (error.code === resultCode.noSuchObject) {
    return ['directory.missing', `${host} has no such search base, or the service account may not see it. Check the base DN.`];
  }
  if (error.code === resultCode.referral) {
    return [
      'directory.missing',
      `${host} refers to another server for the search base; referrals are not followed. Name a server that holds it.`,
    ];
  }
  if (error.code === resultCode.insufficientAccess) {
    return ['directory.denied', `${host} does not let the service account search. Grant it to read accounts and groups.`];
  }
  return ['directory.protocol', `${host} answered with LDAP result ${error.code}. Check base DN, filter and the server's log.`];
}
