import { OctopusError } from '../../workers/octopus-error.ts';
import { nameKey } from '../domain/user.ts';
import type { StoredUser } from '../store/repositories/users.ts';
import type { DirectoryLogin, DirectoryUser } from './directory-login.ts';
import { type IdentityParts, newId } from './parts.ts';
import { LONGEST_PASSWORD } from './passwords.ts';
import { createStrangers, failedAgain, refuseWithinPause } from './sign-in-delay.ts';

export interface SignIn {
  /**
   * Finds the user whose name and password these are, local or of the directory, and lets them in while no other change of theirs can come
   * in between. Counts failures and slows them down.
   */
  prove<Result>(name: string, password: string, letIn: (user: StoredUser) => Promise<Result>): Promise<Result>;
  /** Whether this is the user's own password, with the same count of failures. Call it in the user's turn. */
  proveLocal(user: StoredUser, password: string, refusal: OctopusError): Promise<void>;
}

const LONGEST_NAME = 200;

/** One answer for all that can be wrong, so that it tells nobody which users there are or which of them are disabled. */
export const denied = () => new OctopusError('auth.denied', 'The name or the password is wrong, or this user may not sign in.');

export function createSignIn(parts: IdentityParts): SignIn {
  const { clock, random, hasher, inTurn } = parts;
  const { users } = parts.store;
  const strangers = createStrangers();

  async function countFailure(name: string, user: StoredUser | undefined): Promise<void> {
    const now = clock.now();
    if (!user) return strangers.set(name, failedAgain(strangers.of(name), now, parts.settings.delay));
    const { count, until } = failedAgain({ count: user.failedLogins, until: user.lockedUntil }, now, parts.settings.delay);
    await users.change(user.id, { failedLogins: count, lockedUntil: until });
  }

  /** An old, cheap hash is renewed. */
  async function checkLocal(user: StoredUser, password: string): Promise<boolean> {
    if (!(await hasher.verify(user.passwordHash, password))) return false;
    if (user.passwordHash !== undefined && hasher.isWeak(user.passwordHash)) {
      await users.change(user.id, { passwordHash: await hasher.hash(password) });
    }
    return true;
  }

  async function fromDirectory(name: string, password: string): Promise<StoredUser | undefined> {
    const directory = await parts.directory();
    const known = await directory?.signIn(name, password);
    if (directory && known) return remember(directory, known);
    // As long as for a local user whose password is wrong.
    await hasher.verify(undefined, password);
    return undefined;
  }

  /** The directory's user as Octopus keeps them, made or renewed. Undefined where the name is somebody else's. */
  async function remember(directory: DirectoryLogin, { dn, name, role }: DirectoryUser): Promise<StoredUser | undefined> {
    const sameDn = await users.byDirectoryDn(dn);
    const sameName = await users.byName(name);
    if (sameDn) return users.change(sameDn.id, { role, ...(sameName && sameName.id !== sameDn.id ? {} : { name }) });
    if (sameName) {
      // Another entry of this name: the same person, moved within the directory, only if the entry known before is gone.
      const { directoryDn } = sameName;
      if (directoryDn === undefined || (await directory.isActive(directoryDn))) return undefined;
      return users.change(sameName.id, { directoryDn: dn, role, name });
    }
    const user: StoredUser = {
      id: newId(random),
      name,
      role,
      source: 'directory',
      disabled: false,
      mustChangePassword: false,
      passwordHash: undefined,
      directoryDn: dn,
      failedLogins: 0,
      lockedUntil: undefined,
      lastSignInAt: undefined,
      createdAt: clock.now().toISOString(),
    };
    await users.add(user);
    return user;
  }

  return {
    async prove(name, password, letIn) {
      // LDAP takes an empty password for an anonymous sign-in, which succeeds.
      if (password === '' || password.length > LONGEST_PASSWORD) {
        throw new OctopusError('argument.invalid', 'Give the password.', { field: 'password' });
      }
      if (name.trim() === '' || name.length > LONGEST_NAME) {
        throw new OctopusError('argument.invalid', 'Give the name of the user.', { field: 'name' });
      }
      const called = name.trim();
      return inTurn(nameKey(called), async () => {
        const named = await users.byName(called);
        refuseWithinPause(
          named ? { count: named.failedLogins, until: named.lockedUntil } : strangers.of(called),
          clock.now(),
          parts.settings.delay,
        );
        // The password of a local user is never shown to the directory.
        const local = named?.source === 'local';
        const user = local ? ((await checkLocal(named, password)) ? named : undefined) : await fromDirectory(called, password);
        if (!user || user.disabled) {
          await countFailure(called, named);
          throw denied();
        }
        strangers.clear(called);
        const signedIn = { failedLogins: 0, lockedUntil: undefined, lastSignInAt: clock.now().toISOString() };
        return letIn((await users.change(user.id, signedIn)) ?? user);
      });
    },

    async proveLocal(user, password, refusal) {
      refuseWithinPause({ count: user.failedLogins, until: user.lockedUntil }, clock.now(), parts.settings.delay);
      if (await checkLocal(user, password)) return;
      await countFailure(user.name, user);
      throw refusal;
    },
  };
}
