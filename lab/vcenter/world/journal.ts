import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** What a journal holds: a record a line, and before it the check sum of the line's text. */
export interface JournalContent {
  records: unknown[];
  /** The last record is not whole: what was written last is lost. */
  torn: boolean;
}

/** Undefined where there is no such file. */
export function readJournal(path: string): JournalContent | undefined {
  let lines: string[];
  try {
    lines = readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const records: unknown[] = [];
  for (const line of lines.slice(0, -1)) {
    const text = line.slice(9);
    if (line.slice(0, 9) !== `${checkSum(text)} `) return { records, torn: true };
    records.push(JSON.parse(text));
  }
  return { records, torn: lines.at(-1) !== '' };
}

/** Appends to one file; what was appended survives the end of this process, and a power loss once `sync` returned. */
export class Journal {
  readonly #path: string;
  #file: number | undefined;
  /** Bytes. */
  #size = 0;
  #sizeAtFirst = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** In the place of all that was: there is the old file or the whole new one. */
  replace(records: Iterable<unknown>): void {
    const fresh = `${this.#path}.new`;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const file = openSync(fresh, 'w', 0o600);
    this.close();
    this.#file = file;
    this.#size = 0;
    for (const record of records) this.append(record);
    this.#sizeAtFirst = this.#size;
    this.sync();
    renameSync(fresh, this.#path);
    syncFolder(dirname(this.#path));
  }

  append(record: unknown): void {
    if (this.#file === undefined) return;
    const text = JSON.stringify(record);
    const line = Buffer.from(`${checkSum(text)} ${text}\n`);
    for (let done = 0; done < line.length; ) done += writeSync(this.#file, line, done);
    this.#size += line.length;
  }

  sync(): void {
    if (this.#file !== undefined) fdatasyncSync(this.#file);
  }

  /** Most of it says what a later record says again. */
  get stale(): boolean {
    return this.#size > 4 * this.#sizeAtFirst + 4 * 2 ** 20;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function checkSum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** So that the file's new name survives a power loss; Windows has no such call. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
