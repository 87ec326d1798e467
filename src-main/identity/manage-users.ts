import { OctopusError } from '../../workers/octopus-error.ts';
import { nameKey, type Role, type User } from '../domain/user.ts';
import type { StoredUser } from '../store/repositories/users.ts';
import { type IdentityParts, newId } from './parts.ts';
import { checkNewPassword } from './passwords.ts';
import type { SignInDelay } from './settings.ts';
import { pauseLeft } from './sign-in-delay.ts';

export interface NewUser {
  name: string;
  role: Role;
  password: string;
  /** Default true: whoever makes the user knows the password. */
  mustChangePassword?: boolean;
}

export interface UserUpdate {
  name?: string;
  role?: Role;
  disabled?: boolean;
  /** Of a local user: ends their sessions and lifts a pause; they change it at the next sign-in. */
  password?: string;
}

/** For administrators; whether the caller is one, the api checks. */
export interface UserManagement {
  /** By name, local users and those of the directory who have signed in. */
  listUsers(): Promise<User[]>;
  getUser(id: string): Promise<User>;
  createUser(user: NewUser): Promise<User>;
  /** All of it or nothing; counts at once. Name, role and password of a directory user are the directory's. `conflict.last-admin` as users.change says. */
  updateUser(id: string, update: UserUpdate): Promise<User>;
  disableUser(id: string): Promise<User>;
  /** Gives a local user another password, ends their sessions and lifts a pause. They change it at the next sign-in. */
  resetPassword(id: string, password: string, options?: { mustChangePassword?: boolean }): Promise<User>;
  /** Ends all sessions of a user. */
  signOutUser(id: string): Promise<void>;
}

/** Works without the signing keys and the directory: `octopus reset-password` has neither. */
export function createUserManagement(
  parts: Pick<IdentityParts, 'store' | 'clock' | 'random' | 'hasher' | 'inTurn' | 'settings'>,
): UserManagement {
  const { clock, hasher, inTurn } = parts;
  const { users, refreshTokens } = parts.store;
  const now = () => clock.now().toISOString();
  const show = (user: StoredUser) => toUser(user, clock.now(), parts.settings.delay);
  const missing = (id: string) => new OctopusError('not.found', `There is no user ${id}.`);

  async function find(id: string): Promise<StoredUser> {
    const user = await users.find(id);
    if (!user) throw missing(id);
    return user;
  }

  async function newPassword(user: StoredUser, password: string) {
    if (user.source === 'directory') {
      throw new OctopusError('argument.invalid', `The password of ${user.name} is kept by the directory: change it there.`, {
        field: 'password',
      });
    }
    checkNewPassword(user.name, password);
    return { passwordHash: await hasher.hash(password), mustChangePassword: true, failedLogins: 0, lockedUntil: undefined };
  }

  async function updateUser(id: string, update: UserUpdate): Promise<User> {
    const { name: key } = await find(id);
    return inTurn(nameKey(key), async () => {
      const user = await find(id);
      if (user.source === 'directory' && (update.name !== undefined || (update.role !== undefined && update.role !== user.role))) {
        const field = update.name === undefined ? 'role' : 'name';
        throw new OctopusError('argument.invalid', `The ${field} of ${user.name} comes from the directory: change it there.`, { field });
      }
      // Before anything is changed: half a change that is answered as a refusal would be in no log.
      const password = update.password === undefined ? {} : await newPassword(user, update.password);
      const changed = await users.change(id, {
        ...(update.name === undefined ? {} : { name: checkName(update.name) }),
        ...(update.role === undefined ? {} : { role: update.role }),
        ...(update.disabled === undefined ? {} : { disabled: update.disabled }),
        ...password,
      });
      if (!changed) throw missing(id);
      if (changed.disabled) await refreshTokens.endAll(id, 'disabled', now());
      else if (update.password !== undefined) await refreshTokens.endAll(id, 'password', now());
      return show(changed);
    });
  }

  return {
    listUsers: async () => (await users.list()).map(show),
    getUser: async (id) => show(await find(id)),
    async createUser(wanted) {
      const user = await newLocalUser(parts, wanted);
      await users.add(user);
      return show(user);
    },
    updateUser,
    disableUser: (id) => updateUser(id, { disabled: true }),
    async resetPassword(id, password, { mustChangePassword = true } = {}) {
      const { name: key } = await find(id);
      return inTurn(nameKey(key), async () => {
        const user = await find(id);
        const changed = await users.change(id, { ...(await newPassword(user, password)), mustChangePassword });
        if (!changed) throw missing(id);
        await refreshTokens.endAll(id, 'password', now());
        return show(changed);
      });
    },
    async signOutUser(id) {
      await find(id);
      await refreshTokens.endAll(id, 'signed-out', now());
    },
  };
}

export async function newLocalUser(
  { clock, random, hasher }: Pick<IdentityParts, 'clock' | 'random' | 'hasher'>,
  wanted: NewUser,
): Promise<StoredUser> {
  const name = checkName(wanted.name);
  checkNewPassword(name, wanted.password);
  return {
    id: newId(random),
    name,
    role: wanted.role,
    source: 'local',
    disabled: false,
    mustChangePassword: wanted.mustChangePassword ?? true,
    passwordHash: await hasher.hash(wanted.password),
    directoryDn: undefined,
    failedLogins: 0,
    lockedUntil: undefined,
    lastSignInAt: undefined,
    createdAt: clock.now().toISOString(),
  };
}

const letter = '[\\p{L}\\p{M}\\p{N}_]';
const goodName = new RegExp(`^${letter}(?:[\\p{L}\\p{M}\\p{N}._@+'’ -]*${letter})?$`, 'u');

/** One line that a person can read; nothing invisible, with which two names could look alike. */
function checkName(given: string): string {
  const name = given.normalize('NFC').trim();
  if (name === '' || name.length > 200 || /\p{C}/u.test(name)) {
    throw new OctopusError('argument.invalid', 'A user needs a name of 1 to 200 visible characters.', { field: 'name' });
  }
  if (!goodName.test(name)) {
    const why = "A name is made of letters, digits, spaces and . _ - @ + ', and begins and ends with a letter, a digit or _.";
    throw new OctopusError('argument.invalid', why, { field: 'name' });
  }
  return name;
}

/** Without what stays in the house: hash, failures, place in the directory; and without a pause that is over. */
function toUser(user: StoredUser, now: Date, delay: SignInDelay): User {
  const { id, name, role, source, disabled, mustChangePassword, createdAt, lastSignInAt } = user;
  const lockedUntil = pauseLeft({ until: user.lockedUntil }, now, delay) > 0 ? user.lockedUntil : undefined;
  return { id, name, role, source, disabled, mustChangePassword, lockedUntil, createdAt, lastSignInAt };
}
