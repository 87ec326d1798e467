import { execFile } from 'node:child_process';
import type { SourceExtent } from '../blocks/block-source.ts';
import { appendExtent } from './coalesce-extents.ts';

/**
 * Where a file has data, found with lseek(SEEK_DATA, SEEK_HOLE). Node offers no lseek, and perl-base is part of every Debian and
 * nearly every other Linux system. Prints one `start end` pair a line.
 */
const PROGRAM = `
open(my $f, "<", $ARGV[0]) or exit 1; my $p = 0; my $end = -s $f;
while ($p < $end) {
  my $d = sysseek($f, $p, 3); last unless defined $d;
  my $h = sysseek($f, $d, 4); exit 1 unless defined $h;
  print int($d), " ", int($h), "\\n"; $p = $h;
} exit(($p < $end && $!{ENXIO}) || $p >= $end ? 0 : 1);`;

/** Text of about four million extents; a file in more pieces is read whole. */
const MAX_OUTPUT = 128 * 1024 * 1024;

/** Data and holes of the whole file, or undefined where this system or file system cannot tell. */
export async function findHoles(path: string, size: number, signal?: AbortSignal): Promise<SourceExtent[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  const output = await new Promise<string | undefined>((resolve) => {
    // Errno is loaded for %! only; -f keeps sitecustomize out.
    execFile('perl', ['-MErrno', '-e', PROGRAM, path], { maxBuffer: MAX_OUTPUT, signal, timeout: 30_000 }, (error, text) =>
      resolve(error === null ? text : undefined),
    );
  });
  if (output === undefined) return undefined;
  const extents: SourceExtent[] = [];
  let at = 0;
  for (const line of output.split('\n')) {
    if (line === '') continue;
    const [start = Number.NaN, end = Number.NaN] = line.split(' ').map(Number);
    // Anything unexpected makes the answer worthless, not the file.
    if (!(start >= at && end > start)) return undefined;
    if (start > at) appendExtent(extents, { offset: at, length: Math.min(start, size) - at, kind: 'hole' });
    if (start >= size) return extents;
    appendExtent(extents, { offset: start, length: Math.min(end, size) - start, kind: 'data' });
    at = end;
  }
  if (at < size) appendExtent(extents, { offset: at, length: size - at, kind: 'hole' });
  return extents;
}
