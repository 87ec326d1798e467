import { chmodSync, closeSync, openSync, statSync } from 'node:fs';

/**
 * The database holds hashes of passwords: other users of the computer have no business in it, also where its folder lets them look. SQLite
 * gives its log and index the same mode. Where it cannot be made so, opening the database says what is wrong.
 */
export function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
    // What an earlier version made, or a copy.
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
      if ((mode & 0o007) !== 0) chmodSync(file, mode & 0o770);
    }
  } catch {}
}
