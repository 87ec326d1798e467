import type SqliteDatabase from 'better-sqlite3';
import { beginsAt } from '../domain/quiet-until.ts';
import type { QuietWindow } from '../domain/schedule.ts';

/** Thousands of schedules share few windows, and a text is read once as long as there are no more. */
const MOST_KNOWN = 1000;

/** `begins_at(next_at, windows_json)` in SQL: when what is planned begins, so that it can be sorted by. */
export function addBeginsAt(database: SqliteDatabase.Database): void {
  const known = new Map<string, QuietWindow[]>();
  database.function('begins_at', { deterministic: true }, (planned: string | null, text: string) => {
    if (planned === null) return null;
    let windows = known.get(text);
    if (!windows) {
      if (known.size >= MOST_KNOWN) known.clear();
      windows = JSON.parse(text) as QuietWindow[];
      known.set(text, windows);
    }
    return beginsAt(windows, planned);
  });
}
