import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { maskSecrets, maskText } from '../domain/mask-secrets.ts';
import { logNames } from './log-file.ts';

export interface DiagnosticsParts {
  logFolder: string;
  versions: Readonly<Record<string, string | undefined>>;
  /** Settings and the like; what is named like a secret is masked here once more. */
  about: unknown;
  now: Date;
}

/** Writes a .tar.gz that a person can send to whoever helps them: logs, versions, settings. No secret, and nothing of the disks. */
export async function writeDiagnostics(path: string, parts: DiagnosticsParts): Promise<void> {
  const about = { at: parts.now.toISOString(), versions: parts.versions, ...(maskSecrets(parts.about) as object) };
  const files: [string, Buffer][] = [['about.json', Buffer.from(`${JSON.stringify(about, undefined, 2)}\n`)]];
  for (const name of logNames()) {
    const text = await readFile(join(parts.logFolder, name), 'utf8').catch(() => undefined);
    if (text !== undefined) files.push([`logs/${name}`, Buffer.from(text.split('\n').map(maskText).join('\n'))]);
  }
  const bytes = files.map(([name, content]) => entry(name, content, parts.now));
  await writeFile(path, await promisify(gzip)(Buffer.concat([...bytes, Buffer.alloc(1024)])), { mode: 0o600 });
}

/** A file in a tar archive (POSIX ustar). */
function entry(name: string, content: Buffer, at: Date): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  header.write(`octopus-diagnostics/${name}`, 0, 100);
  header.write(octal(0o600, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(content.length, 12), 124);
  header.write(octal(Math.floor(at.getTime() / 1000), 12), 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
