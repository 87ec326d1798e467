import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

export type SessionEnd = 'signed-out' | 'reused' | 'password' | 'disabled' | 'directory' | 'restored';

/** What began with one sign-in: a family of refresh tokens, each made from the one before. */
export interface Session {
  id: string;
  userId: string;
  /** Where the sign-in came from. */
  address: string;
  createdAt: string;
  /** However often it is renewed. */
  expiresAt: string;
  endedAt: string | undefined;
  endedWhy: SessionEnd | undefined;
}

export interface RefreshToken {
  /** SHA-256 of the token, in hex; the token itself is kept nowhere. */
  hash: string;
  issuedAt: string;
  expiresAt: string;
}

export interface FoundRefreshToken extends RefreshToken {
  usedAt: string | undefined;
  session: Session;
}

export interface RefreshTokenRepository {
  /** A new family with its first token. */
  open(session: Session, token: RefreshToken): Promise<void>;
  find(hash: string): Promise<FoundRefreshToken | undefined>;
  /** Uses one up and adds the next, all or nothing; false where it was used already or its session has ended. */
  rotate(usedHash: string, next: RefreshToken): Promise<boolean>;
  session(id: string): Promise<Session | undefined>;
  /** Those that have not ended and are not over at `at`, newest first. */
  openSessions(userId: string, at: string): Promise<Session[]>;
  /** One that ended already stays as it is. */
  end(sessionId: string, why: SessionEnd, at: string): Promise<void>;
  /** All of a user's, but for the one to keep. */
  endAll(userId: string, why: SessionEnd, at: string, keep?: string): Promise<void>;
  /** Forgets the families that were over before this time. */
  prune(before: string): Promise<void>;
}

export function createRefreshTokenRepository(database: Kysely<Schema>): RefreshTokenRepository {
  const session = async (id: string) => {
    const row = await database.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  };
  const toRow = (sessionId: string, token: RefreshToken) => ({
    hash: token.hash,
    session_id: sessionId,
    issued_at: token.issuedAt,
    expires_at: token.expiresAt,
  });
  return {
    open: (opened, token) =>
      database.transaction().execute(async (transaction) => {
        const { id, userId, address, createdAt, expiresAt } = opened;
        await transaction
          .insertInto('sessions')
          .values({ id, user_id: userId, address, created_at: createdAt, expires_at: expiresAt })
          .execute();
        await transaction.insertInto('refresh_tokens').values(toRow(id, token)).execute();
      }),
    async find(hash) {
      const row = await database.selectFrom('refresh_tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
      const family = row && (await session(row.session_id));
      return family && { hash, issuedAt: row.issued_at, expiresAt: row.expires_at, usedAt: row.used_at ?? undefined, session: family };
    },
    rotate: (usedHash, next) =>
      database.transaction().execute(async (transaction) => {
        const used = await transaction
          .updateTable('refresh_tokens')
          .set({ used_at: next.issuedAt })
          .where('hash', '=', usedHash)
          .where('used_at', 'is', null)
          .where('session_id', 'in', (build) => build.selectFrom('sessions').select('id').where('ended_at', 'is', null))
          .returning('session_id')
          .executeTakeFirst();
        if (!used) return false;
        await transaction.insertInto('refresh_tokens').values(toRow(used.session_id, next)).execute();
        return true;
      }),
    session,
    async openSessions(userId, at) {
      const rows = await database
        .selectFrom('sessions')
        .selectAll()
        .where('user_id', '=', userId)
        .where('ended_at', 'is', null)
        .where('expires_at', '>', at)
        .orderBy('created_at', 'desc')
        .execute();
      return rows.map(fromRow);
    },
    async end(sessionId, why, at) {
      const end = { ended_at: at, ended_why: why };
      await database.updateTable('sessions').set(end).where('id', '=', sessionId).where('ended_at', 'is', null).execute();
    },
    async endAll(userId, why, at, keep) {
      const end = { ended_at: at, ended_why: why };
      const open = database.updateTable('sessions').set(end).where('user_id', '=', userId).where('ended_at', 'is', null);
      await (keep === undefined ? open : open.where('id', '!=', keep)).execute();
    },
    async prune(before) {
      await database.deleteFrom('sessions').where('expires_at', '<', before).execute();
    },
  };
}

function fromRow(row: Schema['sessions']): Session {
  return {
    id: row.id,
    userId: row.user_id,
    address: row.address,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at ?? undefined,
    endedWhy: (row.ended_why ?? undefined) as SessionEnd | undefined,
  };
}
