import { type Entry, escapeFilter } from 'ldapts';
import type { DirectoryConnection, SearchRequest } from './connection.ts';
import { hasResultCode, resultCode } from './failure.ts';
import type { DirectorySettings } from './settings.ts';

export interface Account {
  dn: string;
  /** The first login attribute. */
  name: string;
  /** Why it may not be used; undefined when it may. */
  disabled: string | undefined;
  /** `uid`, where there is one: groups of POSIX accounts list that. */
  uid: string | undefined;
  memberOf: string[];
  /** Active Directory: the RID of the one group that memberOf leaves out. */
  primaryGroup: string | undefined;
}

/** Asked for by name, because most are operational and come only then. */
const stateAttributes = [
  'userAccountControl',
  'accountExpires',
  'nsAccountLock',
  'pwdAccountLockedTime',
  'shadowExpire',
  'memberOf',
  'primaryGroupID',
  'uid',
];

/** The accounts with this login name: at most two, because two are already one too many. */
export async function findAccounts(
  connection: DirectoryConnection,
  settings: DirectorySettings,
  name: string,
  now: Date,
): Promise<Account[]> {
  const named = settings.loginAttributes.map((attribute) => `(${attribute}=${escapeFilter`${name}`})`).join('');
  const entries = await connection.search(settings.baseDn, {
    ...request(settings, 'sub'),
    filter: `(&${settings.userFilter}(|${named}))`,
    sizeLimit: 2,
  });
  return entries.map((entry) => toAccount(entry, settings, now));
}

/** Undefined when there is none at this DN (any more), or it is no account. */
export async function readAccount(
  connection: DirectoryConnection,
  settings: DirectorySettings,
  dn: string,
  now: Date,
): Promise<Account | undefined> {
  try {
    const [entry] = await connection.search(dn, request(settings, 'base'));
    return entry && toAccount(entry, settings, now);
  } catch (error) {
    if (hasResultCode(error, resultCode.noSuchObject)) return undefined;
    throw error;
  }
}

function request(settings: DirectorySettings, scope: SearchRequest['scope']): SearchRequest {
  return { scope, filter: settings.userFilter, attributes: [...new Set([...settings.loginAttributes, ...stateAttributes])] };
}

function toAccount(entry: Entry, settings: DirectorySettings, now: Date): Account {
  return {
    dn: entry.dn,
    name: valuesOf(entry, settings.loginAttributes[0] ?? '')[0] ?? entry.dn,
    disabled: disabledReason(entry, now),
    uid: valuesOf(entry, 'uid')[0],
    memberOf: valuesOf(entry, 'memberOf'),
    primaryGroup: valuesOf(entry, 'primaryGroupID')[0],
  };
}

/** Attribute names come back in the server's own spelling. */
export function valuesOf(entry: Entry, attribute: string): string[] {
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase());
  const value = key === undefined ? [] : entry[key];
  return (Array.isArray(value) ? value : [value]).filter((item) => item !== undefined).map(String);
}

export function disabledReason(entry: Entry, now: Date): string | undefined {
  const first = (attribute: string) => valuesOf(entry, attribute)[0];
  // Active Directory: ACCOUNTDISABLE.
  if ((Number(first('userAccountControl') ?? 0) & 2) !== 0) return 'it is disabled';
  // 389 Directory Server and FreeIPA.
  if (first('nsAccountLock')?.toLowerCase() === 'true') return 'it is disabled';
  // OpenLDAP's password policy. Gone after the next good bind when the lock was for a time.
  if (first('pwdAccountLockedTime') !== undefined) return 'it is locked';
  // Active Directory: 100 ns since 1601; 0 and the largest number mean never.
  const expires = BigInt(/^\d+$/.exec(first('accountExpires') ?? '')?.[0] ?? 0);
  if (expires > 0n && expires < 2n ** 63n - 1n && expires / 10_000n - 11_644_473_600_000n <= BigInt(now.getTime())) return 'it has expired';
  // POSIX: days since 1970; -1 means never.
  const days = Number(first('shadowExpire') ?? -1);
  if (days >= 0 && days * 86_400_000 <= now.getTime()) return 'it has expired';
  return undefined;
}
