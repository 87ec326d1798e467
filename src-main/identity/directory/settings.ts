import { X509Certificate } from 'node:crypto';
import { FilterParser } from 'ldapts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { type Role, roles } from '../../domain/user.ts';
import { parseDn } from './distinguished-name.ts';

/** How a directory says who is in a group. */
export type DirectoryKind =
  | 'active-directory' // nested groups are resolved by the server (LDAP_MATCHING_RULE_IN_CHAIN)
  | 'ldap'; // memberOf where the server keeps it, and groups searched by member, uniqueMember and memberUid

export interface DirectorySettings {
  kind: DirectoryKind;
  /** `ldaps://host[:636]` or `ldap://host[:389]`, tried in order. */
  urls: string[];
  /** Needed for `ldap://`, which is upgraded to TLS before anything is said. Plain LDAP is refused. */
  startTls: boolean;
  /** PEM. When set, only these authorities are trusted; otherwise those of Node and of the system. */
  ca: string | undefined;
  /** The service account that searches: a DN, or in Active Directory also `user@domain`. */
  bindDn: string;
  /** Accounts below this DN may sign in. */
  baseDn: string;
  /** Attributes that the typed name is compared with; the first also names the user in Octopus. */
  loginAttributes: string[];
  /** RFC 4515. Which entries are accounts. */
  userFilter: string;
  /** Where groups are searched (kind `ldap`); the default is `baseDn`. */
  groupBaseDn: string | undefined;
  /** Whoever is in none of these groups may not sign in. Of several roles the mightiest counts. */
  groups: { dn: string; role: Role }[];
  /** Milliseconds for each of: name resolution, TCP, TLS. */
  connectTimeoutMs: number;
  /** Milliseconds for each bind or search. */
  operationTimeoutMs: number;
}

/** Asked for at each use, so that nothing is kept here. */
export interface DirectorySecrets {
  bindPassword(): Promise<string>;
}

const timeouts = { connectTimeoutMs: 5000, operationTimeoutMs: 10_000 };

/** What is usual for each kind; the rest only the person knows. */
export function directoryDefaults(
  kind: DirectoryKind,
): Pick<
  DirectorySettings,
  'kind' | 'startTls' | 'ca' | 'loginAttributes' | 'userFilter' | 'groupBaseDn' | 'connectTimeoutMs' | 'operationTimeoutMs'
> {
  const usual = { kind, startTls: false, ca: undefined, groupBaseDn: undefined, ...timeouts };
  return kind === 'active-directory'
    ? { ...usual, loginAttributes: ['sAMAccountName', 'userPrincipalName'], userFilter: '(&(objectCategory=person)(objectClass=user))' }
    : { ...usual, loginAttributes: ['uid'], userFilter: '(objectClass=person)' };
}

export interface DirectoryServer {
  url: string;
  host: string;
  port: number;
  /** TLS from the first byte; otherwise StartTLS. */
  immediateTls: boolean;
}

export function directoryServers(settings: DirectorySettings): DirectoryServer[] {
  return settings.urls.map((url) => parseServer(url, settings.startTls));
}

/** Refuses what could not work or would not be safe, before anything is sent. */
export function checkSettings(settings: DirectorySettings): void {
  if (settings.urls.length === 0) throw invalid('urls', 'Name at least one directory server.');
  directoryServers(settings);
  if (settings.ca !== undefined) checkCertificates(settings.ca);
  if (settings.bindDn.trim() === '') {
    throw invalid('bindDn', 'Name the service account that searches the directory; anonymous searches are not supported.');
  }
  checkDn('baseDn', settings.baseDn);
  if (settings.groupBaseDn !== undefined) checkDn('groupBaseDn', settings.groupBaseDn);
  if (settings.groups.length === 0) throw invalid('groups', 'Map at least one group to a role; nobody could sign in otherwise.');
  for (const group of settings.groups) {
    checkDn('groups', group.dn);
    if (!roles.includes(group.role)) throw invalid('groups', `There is no role ${group.role}.`);
  }
  if (settings.loginAttributes.length === 0) throw invalid('loginAttributes', 'Name the attribute that holds the login name.');
  for (const attribute of settings.loginAttributes) {
    // RFC 4512: a short name or a numeric OID. It becomes part of a filter.
    if (!/^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)$/.test(attribute)) {
      throw invalid('loginAttributes', `${JSON.stringify(attribute)} is not the name of an attribute.`);
    }
  }
  checkFilter(settings.userFilter);
  for (const field of ['connectTimeoutMs', 'operationTimeoutMs'] as const) {
    // 0 would mean "for ever" to the LDAP client.
    if (!Number.isInteger(settings[field]) || settings[field] < 1 || settings[field] > 600_000) {
      throw invalid(field, 'A time limit is between 1 millisecond and 10 minutes.');
    }
  }
}

function parseServer(text: string, startTls: boolean): DirectoryServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['ldap:', 'ldaps:'].includes(url.protocol) || url.hostname === '') {
    throw invalid('urls', `${JSON.stringify(text)} is not the address of a directory server, e.g. ldaps://dc1.example.com.`);
  }
  if (url.username || url.password || url.search || url.hash || !['', '/'].includes(url.pathname)) {
    throw invalid('urls', `The address of a directory server names host and port only: ${url.protocol}//${url.host}`);
  }
  const immediateTls = url.protocol === 'ldaps:';
  if (!immediateTls && !startTls) {
    throw invalid('urls', `${text} would send passwords in the clear, which is refused: use ldaps://, or switch on StartTLS.`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { url: text, host, port: url.port === '' ? (immediateTls ? 636 : 389) : Number(url.port), immediateTls };
}

function checkDn(field: string, dn: string): void {
  const parsed = parseDn(dn);
  if (!parsed || parsed.length === 0) {
    throw invalid(field, `${JSON.stringify(dn)} is not a distinguished name, e.g. OU=People,DC=example,DC=com.`);
  }
}

/** In parentheses and closed in itself, because it is put inside another one. */
function checkFilter(filter: string): void {
  try {
    if (!filter.startsWith('(') || !filter.endsWith(')')) throw new Error('no parentheses');
    FilterParser.parseString(filter);
  } catch (cause) {
    const message = `${JSON.stringify(filter)} is not an LDAP filter, e.g. (objectClass=person).`;
    throw new OctopusError('argument.invalid', message, { field: 'userFilter', cause });
  }
}

function checkCertificates(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch (cause) {
    throw new OctopusError('argument.invalid', 'The CA holds a damaged certificate.', { field: 'ca', cause });
  }
  // Otherwise a file with none would quietly trust nobody.
  if (blocks.length === 0) throw invalid('ca', 'The CA must be one or more certificates in PEM (-----BEGIN CERTIFICATE-----).');
}

function invalid(field: string, message: string): OctopusError {
  return new OctopusError('argument.invalid', message, { field });
}
