import type { Kysely, Selectable } from 'kysely';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { nameKey, type Role, type User } from '../../domain/user.ts';
import type { Schema } from '../schema.ts';

export interface StoredUser extends User {
  /** Salted hash with its parameters; undefined for users of the directory. */
  passwordHash: string | undefined;
  /** Distinguished name; undefined for local users. */
  directoryDn: string | undefined;
  /** In a row, since the last one that worked. */
  failedLogins: number;
}

export type UserChange = Partial<Omit<StoredUser, 'id' | 'source' | 'createdAt'>>;

export interface UserRepository {
  /** `conflict.exists` where the name (in any case) is taken. */
  add(user: StoredUser): Promise<void>;
  /** Adds it and uses up the set-up token if there is no user at all yet; false where there is one. */
  addFirst(user: StoredUser): Promise<boolean>;
  isEmpty(): Promise<boolean>;
  find(id: string): Promise<StoredUser | undefined>;
  byName(name: string): Promise<StoredUser | undefined>;
  byDirectoryDn(dn: string): Promise<StoredUser | undefined>;
  /** By name. */
  list(): Promise<StoredUser[]>;
  /**
   * Answers what is stored then; undefined where there is no such user. `conflict.last-admin` where no local administrator who may
   * sign in would be left: one of the directory does not count, because the directory can fail.
   */
  change(id: string, change: UserChange): Promise<StoredUser | undefined>;
  putSetUpToken(hash: string, at: string): Promise<void>;
  setUpTokenHash(): Promise<string | undefined>;
}

export function createUserRepository(database: Kysely<Schema>): UserRepository {
  const all = () => database.selectFrom('users').selectAll();
  const one = async (query: ReturnType<typeof all>) => {
    const row = await query.executeTakeFirst();
    return row && fromRow(row);
  };
  return {
    async add(user) {
      await database.insertInto('users').values(toRow(user)).execute().catch(taken);
    },
    addFirst: (user) =>
      database.transaction().execute(async (transaction) => {
        const other = await transaction.selectFrom('users').select('id').limit(1).executeTakeFirst();
        if (other) return false;
        await transaction.insertInto('users').values(toRow(user)).execute();
        await transaction.deleteFrom('set_up_tokens').execute();
        return true;
      }),
    async isEmpty() {
      return (await database.selectFrom('users').select('id').limit(1).executeTakeFirst()) === undefined;
    },
    find: (id) => one(all().where('id', '=', id)),
    byName: (name) => one(all().where('name_key', '=', nameKey(name))),
    byDirectoryDn: (dn) => one(all().where('directory_dn', '=', dn)),
    async list() {
      return (await all().orderBy('name_key').execute()).map(fromRow);
    },
    change: (id, change) =>
      database.transaction().execute(async (transaction) => {
        const before = await transaction.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
        if (!before) return undefined;
        const user = { ...fromRow(before), ...change };
        const { id: _id, ...row } = toRow(user);
        await transaction.updateTable('users').set(row).where('id', '=', id).execute().catch(taken);
        if (before.role === 'admin' && before.source === 'local' && (user.role !== 'admin' || user.disabled)) {
          const left = await transaction
            .selectFrom('users')
            .select('id')
            .where('role', '=', 'admin')
            .where('source', '=', 'local')
            .where('disabled', '=', 0)
            .limit(1)
            .executeTakeFirst();
          // Thrown inside the transaction, so that the change is undone.
          if (!left)
            throw new OctopusError('conflict.last-admin', `${before.name} is the last local administrator: make another one first.`);
        }
        return user;
      }),
    async putSetUpToken(hash, at) {
      const row = { hash, created_at: at };
      await database
        .insertInto('set_up_tokens')
        .values({ id: 1, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },
    async setUpTokenHash() {
      return (await database.selectFrom('set_up_tokens').select('hash').executeTakeFirst())?.hash;
    },
  };
}

function taken(cause: unknown): never {
  if (String((cause as { code?: unknown }).code).startsWith('SQLITE_CONSTRAINT')) {
    throw new OctopusError('conflict.exists', 'Another user has this name: choose a different one.', { field: 'name' });
  }
  throw cause;
}

function toRow(user: StoredUser) {
  return {
    id: user.id,
    name: user.name,
    name_key: nameKey(user.name),
    role: user.role,
    source: user.source,
    disabled: Number(user.disabled),
    password_hash: user.passwordHash ?? null,
    must_change_password: Number(user.mustChangePassword),
    directory_dn: user.directoryDn ?? null,
    failed_logins: user.failedLogins,
    locked_until: user.lockedUntil ?? null,
    last_sign_in_at: user.lastSignInAt ?? null,
    created_at: user.createdAt,
  };
}

function fromRow(row: Selectable<Schema['users']>): StoredUser {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    source: row.source as User['source'],
    disabled: row.disabled === 1,
    passwordHash: row.password_hash ?? undefined,
    mustChangePassword: row.must_change_password === 1,
    directoryDn: row.directory_dn ?? undefined,
    failedLogins: row.failed_logins,
    lockedUntil: row.locked_until ?? undefined,
    lastSignInAt: row.last_sign_in_at ?? undefined,
    createdAt: row.created_at,
  };
}
