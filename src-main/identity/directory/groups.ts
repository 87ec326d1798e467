import { escapeFilter } from 'ldapts';
import { type Role, roles } from '../../domain/user.ts';
import { type Account, valuesOf } from './account.ts';
import type { DirectoryConnection, SearchRequest } from './connection.ts';
import { domainOf, normaliseDn } from './distinguished-name.ts';
import { hasResultCode, resultCode } from './failure.ts';
import type { DirectorySettings } from './settings.ts';

const inChain = '1.2.840.113556.1.4.1941'; // Active Directory: memberOf over all levels
/** Groups in groups in groups: deeper than anyone nests, shallow enough to end. */
const deepest = 16;
/** Names in one filter; servers limit its length. */
const namesAtOnce = 50;

/** The mightiest role of the mapped groups that the account is in, directly or through others. */
export async function roleOfAccount(
  connection: DirectoryConnection,
  settings: DirectorySettings,
  account: Account,
): Promise<Role | undefined> {
  const held =
    settings.kind === 'active-directory'
      ? await askForGroups(connection, settings, account)
      : await climbGroups(connection, settings, account);
  return roles.find((role) => settings.groups.some((group) => group.role === role && held.has(group.dn)));
}

/** Mapped groups that do not exist or cannot be seen. */
export async function missingGroups(connection: DirectoryConnection, settings: DirectorySettings): Promise<string[]> {
  const missing: string[] = [];
  for (const { dn } of settings.groups) {
    if ((await readEntry(connection, dn, '(objectClass=*)', ['objectClass'])) === undefined) missing.push(dn);
  }
  return missing;
}

async function askForGroups(connection: DirectoryConnection, settings: DirectorySettings, account: Account): Promise<Set<string>> {
  const held = new Set<string>();
  for (const { dn } of settings.groups) {
    const filter = `(memberOf:${inChain}:=${escapeFilter`${dn}`})`;
    const within = await readEntry(connection, account.dn, filter, ['objectClass']);
    if (within || (await isPrimaryGroup(connection, dn, account))) held.add(dn);
  }
  return held;
}

/** A RID is unique only within its domain. */
async function isPrimaryGroup(connection: DirectoryConnection, dn: string, account: Account): Promise<boolean> {
  if (account.primaryGroup === undefined || domainOf(dn) !== domainOf(account.dn)) return false;
  const group = await readEntry(connection, dn, '(objectClass=group)', ['primaryGroupToken']);
  return group !== undefined && valuesOf(group, 'primaryGroupToken')[0] === account.primaryGroup;
}

/** From the account upwards: the groups that it is in, the groups that those are in, and so on. */
async function climbGroups(connection: DirectoryConnection, settings: DirectorySettings, account: Account): Promise<Set<string>> {
  const mapped = new Map(settings.groups.map(({ dn }) => [normaliseDn(dn), dn]));
  const seen = new Set<string>([normaliseDn(account.dn) ?? account.dn]);
  const held = new Set<string>();
  const enter = (dns: string[]) =>
    dns.filter((dn) => {
      const known = normaliseDn(dn) ?? dn;
      const group = mapped.get(known);
      if (group !== undefined) held.add(group);
      return !seen.has(known) && seen.add(known);
    });
  let level = [account.dn, ...enter(account.memberOf)];
  for (let depth = 0; depth < deepest && level.length > 0; depth += 1) {
    const found: string[] = [];
    for (let start = 0; start < level.length; start += namesAtOnce) {
      const names = level.slice(start, start + namesAtOnce);
      const byName = names.map((dn) => escapeFilter`(member=${dn})(uniqueMember=${dn})`).join('');
      const byUid = depth === 0 && account.uid !== undefined ? escapeFilter`(&(objectClass=posixGroup)(memberUid=${account.uid}))` : '';
      const request: SearchRequest = { scope: 'sub', filter: `(|${byName}${byUid})`, attributes: ['memberOf'], paged: true };
      for (const group of await connection.search(settings.groupBaseDn ?? settings.baseDn, request)) {
        found.push(group.dn, ...valuesOf(group, 'memberOf'));
      }
    }
    level = enter(found);
  }
  return held;
}

/** Undefined when there is no such entry or the filter does not match. */
async function readEntry(connection: DirectoryConnection, dn: string, filter: string, attributes: string[]) {
  try {
    const [entry] = await connection.search(dn, { scope: 'base', filter, attributes });
    return entry;
  } catch (error) {
    if (hasResultCode(error, resultCode.noSuchObject)) return undefined;
    throw error;
  }
}
