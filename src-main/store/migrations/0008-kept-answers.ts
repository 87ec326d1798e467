import type { Migration } from './migration.ts';

/** Answers to creating calls that came with an Idempotency-Key. Without an answer: it was begun. */
export const keptAnswers: Migration = {
  version: 8,
  name: 'kept-answers',
  sql: `
CREATE TABLE kept_answers (
  user_id TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, answer_json TEXT, expires_at TEXT NOT NULL,
  PRIMARY KEY (user_id, key)
) STRICT;
CREATE INDEX kept_answers_by_end ON kept_answers (expires_at);
`,
};
