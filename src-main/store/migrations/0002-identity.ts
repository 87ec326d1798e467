import type { Migration } from './migration.ts';

/** Passwords, refresh tokens and the set-up token stand here as salted or one-way hashes only. */
export const identity: Migration = {
  version: 2,
  name: 'identity',
  sql: `
ALTER TABLE users ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE users SET name_key = lower(name);
CREATE UNIQUE INDEX users_by_name_key ON users (name_key);
ALTER TABLE users ADD COLUMN source TEXT NOT NULL DEFAULT 'local' CHECK (source IN ('local', 'directory'));
ALTER TABLE users ADD COLUMN password_hash TEXT;
ALTER TABLE users ADD COLUMN must_change_password INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN directory_dn TEXT;
CREATE UNIQUE INDEX users_by_directory_dn ON users (directory_dn) WHERE directory_dn IS NOT NULL;
ALTER TABLE users ADD COLUMN failed_logins INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN locked_until TEXT;
ALTER TABLE users ADD COLUMN last_sign_in_at TEXT;
CREATE TABLE sessions (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), address TEXT NOT NULL, created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL, ended_at TEXT, ended_why TEXT
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE TABLE refresh_tokens (
  hash TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, issued_at TEXT NOT NULL,
  expires_at TEXT NOT NULL, used_at TEXT
) STRICT;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE TABLE set_up_tokens (id INTEGER PRIMARY KEY CHECK (id = 1), hash TEXT NOT NULL, created_at TEXT NOT NULL) STRICT;
CREATE TABLE shares (
  kind TEXT NOT NULL, subject_id TEXT NOT NULL, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (kind, subject_id, user_id)
) STRICT;
CREATE INDEX shares_by_user ON shares (user_id, kind);
`,
};
