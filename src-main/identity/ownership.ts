import { OctopusError } from '../../workers/octopus-error.ts';
import type { Caller } from '../domain/user.ts';

export interface Owned {
  /** Undefined: nobody's, so only administrators have it. */
  ownerId: string | undefined;
  /** Ids of the users whom it was given to. */
  sharedWith: readonly string[];
}

/** Administrators see all; everybody else what they own or were given. */
export function canSee(caller: Caller, { ownerId, sharedWith }: Owned): boolean {
  return caller.role === 'admin' || ownerId === caller.userId || sharedWith.includes(caller.userId);
}

/** A viewer acts on nothing. */
export function canAct(caller: Caller, thing: Owned): boolean {
  return caller.role !== 'viewer' && canSee(caller, thing);
}

/**
 * The thing, if the caller may see it (`see`) or act on it (`act`). A foreign one answers exactly like a missing one: `not.found`.
 * `what` is the word for it, e.g. `migration`.
 */
export function requireOwned<Thing extends Owned>(
  caller: Caller,
  wanted: 'see' | 'act',
  what: string,
  id: string,
  thing: Thing | undefined,
): Thing {
  if (!thing || !canSee(caller, thing)) throw new OctopusError('not.found', `There is no ${what} ${id}.`);
  if (wanted === 'act' && !canAct(caller, thing)) {
    throw new OctopusError('auth.forbidden', `A ${caller.role} cannot change a ${what}.`);
  }
  return thing;
}
